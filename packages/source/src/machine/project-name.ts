import { createHash } from 'node:crypto'

/** What the machine's own folders call a project, which is told by where it is: fit for a file's name. */
export function projectName(project: string): string {
  return createHash('sha256').update(project).digest('hex')
}
