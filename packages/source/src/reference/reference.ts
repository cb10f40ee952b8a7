/** How a person names a plugin, taken apart. `parseReference` makes it and `formatReference` writes it back. */
export type Reference = CoreReference | OwnReference | GitReference | NpmReference | PathReference

/** The word `micro` or `lando`: core, which is meant when nothing is written. */
export interface CoreReference {
  readonly from: 'core'
  readonly word: 'micro' | 'lando'
}

/** `broker/rabbitmq`: an implementation of Micro's own. */
export interface OwnReference {
  readonly from: 'own'
  readonly kind: string
  readonly name: string
}

/** A plugin of a git repository, or all that the repository has. */
export interface GitReference extends Repository {
  readonly from: 'git'
  /** The folder in the repository: what stands after `//`. */
  readonly folder?: string
  /** Left out: the highest stable version, else the remote's HEAD. */
  readonly revision?: Revision
}

/** `npm:@acme/broker-kafka`: a package that the project has installed. */
export interface NpmReference {
  readonly from: 'npm'
  readonly name: string
}

/** `./path` or `../path`: a folder of the user's own project. */
export interface PathReference {
  readonly from: 'path'
  /** Begins with `./` or `../`. */
  readonly path: string
}

/** Where a git repository lives. */
export interface Repository {
  /** Lower case. */
  readonly host: string
  /** Absent: the transport's own. */
  readonly port?: number
  /** `alice/mailhog`, without `.git`; in lower case on hosts that do not tell cases apart. */
  readonly path: string
  readonly access: Access
}

/** How the repository is reached. `form: 'scp'` is `user@host:path`, whose path counts from the home folder of that user. */
export type Access = { readonly transport: 'https' } | { readonly transport: 'ssh'; readonly user?: string; readonly form: 'url' | 'scp' }

/** Which state of a repository is meant. `text` is how it is written, and all of it. */
export type Revision =
  | { readonly is: 'commit'; readonly text: string }
  /** The highest version tag that fits. */
  | { readonly is: 'range'; readonly text: string }
  | { readonly is: 'tag' | 'branch'; readonly text: string; readonly name: string }
  /** A tag or a branch, whichever there is. */
  | { readonly is: 'name'; readonly text: string }
