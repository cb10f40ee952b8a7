import { MicroError } from '@microts/core/base'
import { shown } from '../reference/errors.js'
import { type Mistake, describeMistakes } from '../yaml/mistake.js'
import type { TrustQuestion } from './trust.js'

/** What can be wrong about whom the user trusts. */
export const trustErrors = {
  untrusted: (questions: readonly TrustQuestion[]) => {
    const sources = [...new Set(questions.map(({ source }) => source))]
    const owners = [...new Set(sources.map(ownerOf))]
    return new MicroError('permission_denied', `Cannot use ${sources.join(', ')}: nobody has said that it is trusted`, {
      reason: 'UNTRUSTED_SOURCE',
      hint: `If you trust ${sources.length === 1 ? 'it' : 'them'}, type \`micro plugin trust ${sources.join(' ')}\`, or add --trust ${owners.join(',')}. In CI, commit micro.lock and add --trust lock --frozen.`,
      details: { questions },
    })
  },

  lockNotFrozen: () =>
    new MicroError('invalid_argument', 'Cannot trust "lock": the lock may change', {
      reason: 'TRUST_LOCK_NOT_FROZEN',
      hint: 'Add --frozen: then exactly what the committed lock names is trusted.',
    }),

  notASource: (text: string, why: string) =>
    new MicroError('invalid_argument', `Cannot trust "${shown(text)}": ${why}`, {
      reason: 'TRUST_SYNTAX',
      hint: 'Write a host (git.example.com), an owner (github.com/alice), a repository (github.com/alice/mailhog) or a commit (github.com/alice/mailhog:<40 digits>).',
    }),

  configInvalid: (file: string, mistakes: readonly Mistake[]) =>
    new MicroError('invalid_argument', `Cannot read ${file}: ${describeMistakes(mistakes)}`, {
      reason: 'USER_CONFIG_INVALID',
      hint: 'It may have the keys trust (a list), mirrors (a host and its address with {path}) and indexes (a list).',
      ...(mistakes[0] !== undefined && { place: mistakes[0].place }),
      details: { mistakes },
    }),
}

const ownerOf = (source: string) => source.split('/').slice(0, 2).join('/')

const mistake = (reason: string, message: string, file: string): Mistake => ({ code: 'invalid_argument', reason, message, place: { file } })

/** What can be wrong in the user's file. */
export const configMistakes = {
  unknownKey: (file: string, key: string) =>
    mistake('UNKNOWN_KEY', `"${shown(key)}" is not known: there are trust, mirrors and indexes`, file),

  wrong: (file: string, path: string, wanted: string) =>
    mistake('WRONG_TYPE', `"${shown(path)}" must be ${wanted}: found something else`, file),
}
