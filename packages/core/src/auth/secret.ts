import { scrypt, timingSafeEqual } from 'node:crypto'

/** A secret as it is kept: what it cannot be read from. */
export interface SecretHash {
  readonly salt: Uint8Array
  readonly key: Uint8Array
}

/** Bytes that nobody can foresee. */
export type RandomBytes = (size: number) => Uint8Array

/**
 * `secret` hashed with a new salt.
 *
 * `cost` is scrypt's N, a power of two; 2^15 takes 32 MiB and some 100 ms, which is what each guess then costs as well.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc7914 for scrypt, whose r = 8 and p = 1 are used here
 */
export async function hashSecret(secret: string, cost: number, random: RandomBytes): Promise<SecretHash> {
  const salt = random(16)
  return { salt, key: await derive(secret, salt, cost) }
}

/** Whether `hash` was made of `secret`. It takes the same time whether or not. */
export async function secretFits(secret: string, hash: SecretHash, cost: number): Promise<boolean> {
  return timingSafeEqual(await derive(secret, hash.salt, cost), hash.key)
}

/** A hash that no secret has, so that an id that nobody has takes as long to refuse as a wrong secret. */
export function decoyHash(random: RandomBytes): SecretHash {
  return { salt: random(16), key: random(32) }
}

function derive(secret: string, salt: Uint8Array, cost: number): Promise<Buffer> {
  const r = 8
  // Its tables take 128 * r bytes for each of N rows and a few more; Node's own limit is just below that for 2^15.
  const maxmem = 128 * r * (cost + 8)
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, 32, { N: cost, r, p: 1, maxmem }, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}
