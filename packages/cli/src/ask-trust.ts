import type { TrustQuestion } from '@microts/source'
import { renderTrustQuestions } from './render/trust-question.js'
import type { Terminal } from './terminal.js'

/**
 * Asks one question for all plugins that are not trusted, and gives what is trusted from now on: their repositories, their owners, or nothing.
 * Nothing is also what an empty line and the end of the input mean.
 */
export async function askTrust(questions: readonly TrustQuestion[], terminal: Terminal): Promise<readonly string[]> {
  const repositories = unique(questions.map(({ source }) => source.split('//')[0] ?? source))
  const owners = unique(repositories.map((repository) => repository.split('/').slice(0, 2).join('/')))
  terminal.err(renderTrustQuestions(questions, terminal))
  terminal.err(`Trust ${repositories.join(', ')}, from now on?`)
  for (;;) {
    const answer = (await terminal.ask(`[y] yes  [o] all of ${owners.join(', ')}  [N] no: `)).trim().toLowerCase()
    if (['y', 'yes'].includes(answer)) return repositories
    if (['o', 'owner', 'owners'].includes(answer)) return owners
    if (['', 'n', 'no'].includes(answer)) return []
    terminal.err('Type y, o or n.')
  }
}

const unique = (texts: readonly string[]) => [...new Set(texts)]
