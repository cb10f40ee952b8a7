import type { Lock } from '../lock/lock.js'

/** A link below the project's `plugins/`. */
export interface PlannedLink {
  /** Below `plugins/`: `github.com/alice/mailhog@v1`. */
  readonly path: string
  /** What it shows: an entry of the store, or a folder of one; another link; or a folder of the user's, absolute. */
  readonly to: { readonly h1: string; readonly folder?: string } | { readonly sibling: string } | { readonly at: string }
}

/** A plugin of the lock in one commit, and the link it is seen through. */
export interface LinkedPlugin {
  readonly key: string
  readonly commit: string
  /** Below `plugins/`. */
  readonly path: string
}

/** All links of a project, and which plugin is seen through which. */
export interface LinkPlan {
  readonly links: readonly PlannedLink[]
  readonly plugins: readonly LinkedPlugin[]
}

/**
 * The links that a lock asks for; the same lock gives the same links on every machine.
 *
 * A repository is one link, and its folders are seen through it; when only folders of it are used, each is a link. With one commit of a repository the link has the
 * repository's name. With two, all carry `@revision` (a `/` in it is written `~`), and the bare name leads to the one that sorts first.
 */
export function planLinks(lock: Lock): LinkPlan {
  const uses = [...lock.plugins].flatMap(([key, { requested, commits }]) =>
    [...commits].map(([commit, { h1, ref }]): Use => {
      const [repository = '', folder] = key.split('//')
      const revision = [...requested]
        .filter(([, meant]) => meant === commit)
        .map(([text]) => text)
        .sort(byBytes)[0]
      return { key, repository, folder, commit, h1, slug: slugOf(revision || shortRef(ref) || commit.slice(0, 12)) }
    }),
  )
  const links = new Map<string, PlannedLink>()
  const plugins: LinkedPlugin[] = []
  for (const repository of new Set(uses.map((use) => use.repository).sort(byBytes))) {
    const own = uses.filter((use) => use.repository === repository).sort((a, b) => byBytes(a.key, b.key) || byBytes(a.slug, b.slug))
    planRepository(repository, own, links, plugins)
  }
  return { links: [...links.values()].sort((a, b) => byBytes(a.path, b.path)), plugins }
}

interface Use {
  readonly key: string
  readonly repository: string
  readonly folder: string | undefined
  readonly commit: string
  readonly h1: string
  readonly slug: string
}

function planRepository(repository: string, uses: readonly Use[], links: Map<string, PlannedLink>, plugins: LinkedPlugin[]): void {
  const isOne = new Set(uses.map(({ commit }) => commit)).size === 1
  const nameOf = (use: Use) => {
    if (isOne) return repository
    const isTaken = uses.some((other) => other.slug === use.slug && other.commit !== use.commit)
    return `${repository}@${use.slug}${isTaken ? `-${use.commit.slice(0, 12)}` : ''}`
  }
  // Whole repositories first: what is in one needs no link of its own.
  const wholes = uses.filter(({ folder }) => folder === undefined)
  for (const use of wholes) {
    links.set(nameOf(use), { path: nameOf(use), to: { h1: use.h1 } })
    if (!isOne && !links.has(repository)) links.set(repository, { path: repository, to: { sibling: lastOf(nameOf(use)) } })
    plugins.push({ key: use.key, commit: use.commit, path: nameOf(use) })
  }
  for (const use of uses) {
    const { folder } = use
    if (folder === undefined) continue
    const whole = wholes.find(({ commit }) => commit === use.commit)
    const path = `${nameOf(whole ?? use)}/${folder}`
    const isNested = uses.some(
      (other) => other !== use && nameOf(other) === nameOf(use) && other.folder !== undefined && folder.startsWith(`${other.folder}/`),
    )
    plugins.push({ key: use.key, commit: use.commit, path })
    if (whole !== undefined || isNested) continue
    links.set(path, { path, to: { h1: use.h1, folder } })
    const bare = `${repository}/${folder}`
    const up = '../'.repeat(folder.split('/').length)
    if (!isOne && wholes.length === 0 && !links.has(bare))
      links.set(bare, { path: bare, to: { sibling: `${up}${lastOf(nameOf(use))}/${folder}` } })
  }
}

const lastOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)
const shortRef = (ref: string | undefined) => ref?.replace(/^refs\/(heads|tags)\//, '')
const slugOf = (revision: string) => revision.replaceAll('/', '~').replaceAll(' ', '_')
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
