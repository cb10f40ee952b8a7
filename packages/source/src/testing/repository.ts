import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/** A file of a commit: its text, or with a mode something else than a plain file. */
export type TestFile = string | { readonly mode: '100755' | '120000' | '160000'; readonly text: string }

/** A bare repository that a test fills. Authors and dates are fixed, so that commits are the same on every machine. */
export interface TestRepository {
  readonly folder: string
  /** Commits exactly these files on a branch, on top of what it has. Gives the commit. */
  commit(files: Readonly<Record<string, TestFile>>, branch?: string): string
  /** Commits a tree made of `git mktree` lines, which takes names that no checkout would. */
  commitTree(lines: readonly string[], branch?: string): string
  blob(text: string): string
  tree(lines: readonly string[]): string
  tag(name: string, commit: string, annotated?: boolean): void
  git(...args: string[]): string
}

const identity = { name: 'Alice', email: 'alice@example.com', date: '1700000000 +0100' }

const env = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: identity.name,
  GIT_AUTHOR_EMAIL: identity.email,
  GIT_AUTHOR_DATE: identity.date,
  GIT_COMMITTER_NAME: identity.name,
  GIT_COMMITTER_EMAIL: identity.email,
  GIT_COMMITTER_DATE: identity.date,
}

/** Makes an empty repository whose HEAD is `main`. */
export function testRepository(folder: string, format: 'sha1' | 'sha256' = 'sha1'): TestRepository {
  mkdirSync(dirname(folder), { recursive: true })
  const run = (args: readonly string[], input = '') =>
    execFileSync('git', args, { env, input, stdio: ['pipe', 'pipe', 'pipe'] })
      .toString()
      .trimEnd()
  run(['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, folder])
  const git = (...args: string[]) => run(['--git-dir', folder, ...args])
  git('config', 'uploadpack.allowFilter', 'true')
  const withInput = (args: readonly string[], input: string) => run(['--git-dir', folder, ...args], input)
  const blob = (text: string) => withInput(['hash-object', '-w', '--stdin'], text)
  const tree = (lines: readonly string[]) => withInput(['mktree', '--missing'], lines.map((line) => `${line}\n`).join(''))
  return {
    folder,
    git,
    blob,
    tree,
    commit: (files, branch = 'main') => {
      withInput(['fast-import', '--quiet', '--force'], importOf(files, branch, tipOf(git, branch)))
      return git('rev-parse', `refs/heads/${branch}`)
    },
    commitTree: (lines, branch = 'main') => {
      const commit = git('commit-tree', '-m', 'A tree', tree(lines))
      git('update-ref', `refs/heads/${branch}`, commit)
      return commit
    },
    tag: (name, commit, annotated = false) => {
      if (annotated) git('tag', '--force', '-a', '-m', name, name, commit)
      else git('update-ref', `refs/tags/${name}`, commit)
    },
  }
}

function tipOf(git: TestRepository['git'], branch: string): string | undefined {
  return git('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`) || undefined
}

function importOf(files: Readonly<Record<string, TestFile>>, branch: string, tip: string | undefined): string {
  const by = `${identity.name} <${identity.email}> ${identity.date}`
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`
  const changes = Object.entries(files).map(([path, file]) => {
    const { mode, text } = typeof file === 'string' ? { mode: '100644', text: file } : file
    return mode === '160000' ? `M ${mode} ${text} ${JSON.stringify(path)}\n` : `M ${mode} inline ${JSON.stringify(path)}\n${data(text)}`
  })
  const from = tip === undefined ? '' : `from ${tip}\n`
  return `commit refs/heads/${branch}\nauthor ${by}\ncommitter ${by}\n${data('A commit')}${from}deleteall\n${changes.join('')}\n`
}
