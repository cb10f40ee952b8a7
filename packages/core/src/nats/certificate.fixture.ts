import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** For tests: a certificate of its own, and one that it has signed for a client. PEM, and where it lies. */
export interface Certificates {
  readonly folder: string
  readonly key: string
  /** For 127.0.0.1 and localhost; its own CA. */
  readonly cert: string
  readonly client: { readonly key: string; readonly cert: string }
  remove(): void
}

/** For tests: why {@link makeCertificates} cannot work here, or false. */
export function withoutOpenssl(): string | false {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'needs: openssl'
  }
}

/** For tests: makes them with openssl, as `key.pem`, `cert.pem`, `client-key.pem` and `client-cert.pem`. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'micro-tls-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const server = ['-subj', '/CN=nats', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-addext', 'basicConstraints=CA:TRUE']
  openssl('req', '-x509', ...curve, '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', ...server)
  openssl('req', ...curve, '-keyout', 'client-key.pem', '-out', 'client.csr', '-subj', '/CN=client')
  openssl(
    'x509',
    '-req',
    '-in',
    'client.csr',
    '-CA',
    'cert.pem',
    '-CAkey',
    'key.pem',
    '-CAcreateserial',
    '-out',
    'client-cert.pem',
    '-days',
    '2',
  )
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return {
    folder,
    key: read('key.pem'),
    cert: read('cert.pem'),
    client: { key: read('client-key.pem'), cert: read('client-cert.pem') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
