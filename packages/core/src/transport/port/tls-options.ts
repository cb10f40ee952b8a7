/** How a port speaks TLS. Certificate and key are PEM. */
export interface TlsOptions {
  /** The certificate, and after it those that lead to the authority. */
  readonly cert: string | Uint8Array
  readonly key: string | Uint8Array
  /** Authorities whose clients are let in. Given, every client must show a certificate of theirs. @default clients need none */
  readonly clientAuthorities?: string | Uint8Array
  /** Whether plain connections are served too. It lets anyone between the two turn TLS off, so it is for moving over only. @default false */
  readonly allowPlain?: boolean
}
