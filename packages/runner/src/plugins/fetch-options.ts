import type { SourceOptions } from '@microts/source'

/** How plugins of other places are fetched, and who is trusted. All of it may be left out: nobody is asked then, and what is not trusted is refused. */
export type FetchOptions = Pick<
  SourceOptions,
  'frozen' | 'offline' | 'trust' | 'askTrust' | 'allowLocal' | 'allowUnreachable' | 'onEvent' | 'signal'
>
