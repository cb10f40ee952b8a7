import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { histories } from './histories.mjs'

/** Nothing of the machine's or the user's configuration, and no GIT_DIR of a hook that runs this, has a say in a commit. */
const environment = {
  PATH: process.env.PATH,
  LC_ALL: 'C',
  TZ: 'UTC',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
}

/**
 * Makes the bare repositories `<to>/github.com/alice/mailhog.git` and so on, from the files in `from`.
 *
 * @param {string} from the folder `repositories` of this example
 * @param {string} to
 */
export function buildRepositories(from, to) {
  for (const history of histories) {
    const repository = join(to, `${history.path}.git`)
    mkdirSync(dirname(repository), { recursive: true })
    git(['init', '--quiet', '--bare', '--template=', '--object-format=sha1', `--initial-branch=${history.commits[0].branch}`, repository])
    git(['--git-dir', repository, 'fast-import', '--quiet'], importOf(history, filesBelow(join(from, history.path))))
  }
}

/** The stream that git's fast-import reads, which takes names and dates as they are given. */
function importOf({ author, commits }, files) {
  const parts = commits.flatMap(({ branch, date, message, has, tag }, index) => {
    const by = `${author} ${Date.parse(date) / 1000} +0000`
    return [
      `commit refs/heads/${branch}\nmark :${index + 1}\nauthor ${by}\ncommitter ${by}\n`,
      data(Buffer.from(`${message}\n`)),
      index === 0 ? '' : `from :${index}\n`,
      'deleteall\n',
      ...files.filter(({ path }) => has(path)).flatMap(({ path, content }) => [`M 100644 inline ${path}\n`, data(content)]),
      ...(tag === undefined ? [] : [`tag ${tag}\nfrom :${index + 1}\ntagger ${by}\n`, data(Buffer.from(`${tag}\n`))]),
    ]
  })
  return Buffer.concat(parts.map((part) => Buffer.from(part)))
}

const data = (content) => Buffer.concat([Buffer.from(`data ${content.length}\n`), content, Buffer.from('\n')])

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: relative(folder, file).split(sep).join('/'), content: readFileSync(file) }))
}

function git(args, input) {
  const { error, status, stderr } = spawnSync('git', args, { env: environment, input })
  if (error !== undefined) throw new Error(`Cannot start git: ${error.message}`)
  if (status !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr}`)
}
