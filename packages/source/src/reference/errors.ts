import { MicroError } from '@microts/core/base'

const refused = (reason: string, text: string, why: string, hint: string) =>
  new MicroError('invalid_argument', `Cannot use "${shown(text)}" as a plugin: ${why}`, { reason, hint })

/** What can be wrong with a reference. Each says what to write instead. No message repeats a password. */
export const referenceErrors = {
  /** The same refusal; its hint is what to write. */
  instead: ({ code, message, reason }: MicroError, reference: string) =>
    new MicroError(code, message, { reason, hint: `Write ${reference}` }),

  syntax: (text: string, why: string, hint: string) => refused('REF_SYNTAX', text, why, hint),

  transport: (text: string, why: string, hint: string) => refused('PROTO_DENIED', text, why, hint),

  insecure: (text: string, hint: string) => refused('INSECURE', text, 'nobody vouches for what comes over plain http', hint),

  host: (text: string, why: string, hint: string) => refused('HOST_SYNTAX', text, why, hint),

  escape: (text: string, segment: string) =>
    refused('PATH_ESCAPE', text, `"${shown(segment)}" leads out of its folder`, 'Write the path as it is, without "..", "\\" or "%".'),

  reserved: (text: string, segment: string, why: string) =>
    refused(
      'RESERVED_NAME',
      text,
      `"${shown(segment)}" cannot be the name of a folder: ${why}`,
      'The repository or folder needs another name.',
    ),

  credentials: (text: string) =>
    refused(
      'CRED_IN_URL',
      text,
      'it holds a user name or a password, and a reference is stored and shown',
      "Leave it out; git's credential helper is asked for it.",
    ),
}

const longestShown = 120

/** A text of a stranger's, safe to show: no credentials, no control characters, not too long. */
export function shown(text: string): string {
  const redacted = text.replace(/^([^/@]*:\/\/)[^/]*@/, '$1***@').replace(/^[^/@:]*:[^/@]*@/, '***@')
  const visible = redacted.replaceAll(/[^\x20-\x7e]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
  return visible.length > longestShown ? `${visible.slice(0, longestShown)}...` : visible
}
