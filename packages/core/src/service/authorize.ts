import type { Auth } from '../auth/auth.js'
import { derive, type Interceptor } from '../rpc/index.js'

/**
 * Lets a call through only when `auth` allows its account to reach the endpoint.
 *
 * Identity comes from a verified token (`Authorization: Bearer ...`) and from nothing else that a caller sends. A token that is not good refuses the call,
 * also where nobody needs one: the caller wants to know.
 */
export function authorize(auth: Auth): Interceptor {
  return (next) => async (call) => {
    const token = /^Bearer +(\S+)$/i.exec(call.metadata['authorization'] ?? '')?.[1]
    const account = token === undefined || !auth.features.has('accounts') ? undefined : await auth.inspect(token)
    await auth.verify(account, { type: 'service', name: call.service, endpoint: call.endpoint })
    return next(account === undefined ? call : derive(call, { account }))
  }
}
