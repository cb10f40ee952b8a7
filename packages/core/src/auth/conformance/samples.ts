import type { ConformanceCase } from '../../testing/index.js'
import type { Account, Auth, AuthFeature, Resource, Rule } from '../auth.js'

/** A case of this suite. */
export type AuthCase = ConformanceCase<Auth, AuthFeature>

/** What is asked for in most cases. */
export const placed: Resource = { type: 'service', name: 'orders', endpoint: 'Orders.Place' }
/** A pattern that fits all. */
export const anything: Resource = { type: '*', name: '*', endpoint: '*' }
/** An account with a scope. */
export const reader: Account = { id: 'ann', type: 'user', issuer: 'test', scopes: ['reader'], metadata: {} }
/** An account with two. */
export const admin: Account = { ...reader, id: 'bob', scopes: ['reader', 'admin'] }

/** A rule that grants every account what `placed` is, but for `parts`. */
export function rule(id: string, parts: Partial<Rule> = {}): Rule {
  return { id, scope: '*', resource: placed, access: 'granted', priority: 0, ...parts }
}

/** Whether `verify` resolves. What is neither that nor a refusal is thrown. */
export async function may(subject: Auth, caller: Account | undefined, resource: Resource): Promise<boolean> {
  try {
    await subject.verify(caller, resource)
    return true
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'permission_denied' || code === 'unauthenticated') return false
    throw error
  }
}
