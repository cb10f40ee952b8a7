import assert from 'node:assert/strict'
import { MicroError } from '../base/index.js'
import type { ConformanceCase, Suite } from '../testing/index.js'
import type { Codec } from './codec.js'

const utf8 = new TextEncoder()

/** `value` there and back. */
function roundTrip(codec: Codec, value: unknown): unknown {
  return codec.decode(codec.encode(value))
}

/** `attempt` throws a MicroError `invalid_argument` with that reason; it is given back. */
function refused(attempt: () => unknown, reason: 'NOT_ENCODABLE' | 'NOT_DECODABLE'): MicroError {
  let outcome: unknown
  try {
    attempt()
  } catch (error) {
    outcome = error
  }
  assert.ok(MicroError.is(outcome), `was to be refused with ${reason}, and gave ${String(outcome)}`)
  assert.equal(outcome.code, 'invalid_argument')
  assert.equal(outcome.reason, reason)
  return outcome
}

/** `attempt` gives a value, or refuses as a codec does; it fails in no other way. */
function givenOrRefused(attempt: () => unknown): { readonly value: unknown } | undefined {
  try {
    return { value: attempt() }
  } catch (error) {
    assert.ok(MicroError.is(error), `failed with something that is no MicroError: ${String(error)}`)
    assert.equal(error.code, 'invalid_argument')
    return undefined
  }
}

type Case = ConformanceCase<Codec, never>

const cases: readonly Case[] = [
  {
    name: 'contentTypes are lower case, without parameters, and not there twice',
    async run({ subject }) {
      assert.ok(subject.contentTypes.length > 0)
      for (const type of subject.contentTypes) assert.match(type, /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/)
      assert.equal(new Set(subject.contentTypes).size, subject.contentTypes.length)
    },
  },
  {
    name: 'encode() of undefined is 0 bytes, decode() of 0 bytes is undefined',
    async run({ subject }) {
      assert.equal(subject.encode(undefined).length, 0)
      assert.equal(subject.decode(new Uint8Array(0)), undefined)
    },
  },
  {
    name: 'encode() gives a Uint8Array of its own, decode() reads a part of a larger buffer',
    async run({ subject }) {
      for (const value of accepted(subject)) {
        const bytes = subject.encode(value)
        assert.ok(bytes instanceof Uint8Array)
        const larger = new Uint8Array(bytes.length + 20).fill(0xff)
        larger.set(bytes, 10)

        assert.deepEqual(plain(subject.decode(larger.subarray(10, 10 + bytes.length))), plain(value))
      }
    },
  },
  {
    name: 'decode() gives back what encode() was given',
    async run({ subject }) {
      assert.ok(accepted(subject).length > 0, 'takes neither data nor bytes')
      for (const value of accepted(subject)) assert.deepEqual(plain(roundTrip(subject, value)), plain(value))
    },
  },
  {
    name: 'encode() twice gives the same bytes and leaves the value as it was',
    async run({ subject }) {
      for (const value of accepted(subject)) {
        const before = structuredClone(value)

        assert.deepEqual([...subject.encode(value)], [...subject.encode(value)])
        assert.deepEqual(value, before)
      }
    },
  },
  {
    name: 'encode() of a megabyte comes back whole',
    async run({ subject }) {
      const text = 'ä😀'.repeat(170_000)
      const value = takesData(subject) ? { text } : utf8.encode(text)

      assert.deepEqual(plain(roundTrip(subject, value)), plain(value))
    },
  },
  {
    name: 'encode() of NaN and the infinities keeps them or refuses them, and never makes null of them',
    async run({ subject }) {
      for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        for (const value of [number, { deep: [{ number }] }]) {
          const outcome = givenOrRefused(() => roundTrip(subject, value))
          if (outcome !== undefined) assert.deepEqual(outcome.value, value)
        }
      }
    },
  },
  {
    name: 'encode() of a bigint keeps it or refuses it',
    async run({ subject }) {
      const outcome = givenOrRefused(() => roundTrip(subject, { id: 9_007_199_254_740_993n }))
      if (outcome !== undefined) assert.deepEqual(outcome.value, { id: 9_007_199_254_740_993n })
    },
  },
  {
    name: 'encode() of a function and of a symbol is refused',
    async run({ subject }) {
      refused(() => subject.encode(() => undefined), 'NOT_ENCODABLE')
      refused(() => subject.encode(Symbol('s')), 'NOT_ENCODABLE')
    },
  },
  {
    name: 'encode() of a circle is refused',
    async run({ subject }) {
      const circle: Record<string, unknown> = {}
      circle['self'] = circle

      refused(() => subject.encode(circle), 'NOT_ENCODABLE')
    },
  },
  {
    name: 'encode() of what is nested 100,000 deep is refused, or comes back',
    async run({ subject }) {
      let value: unknown = 1
      for (let depth = 0; depth < 100_000; depth++) value = [value]

      givenOrRefused(() => roundTrip(subject, value))
    },
  },
  {
    name: 'encode() of a lone surrogate keeps it or refuses it, and never replaces it',
    async run({ subject }) {
      for (const text of ['\ud800', 'a\udfffb', '\udc00\ud800']) {
        const outcome = givenOrRefused(() => roundTrip(subject, { text }))
        if (outcome !== undefined) assert.deepEqual(outcome.value, { text })
      }
    },
  },
  {
    name: 'encode() of the key __proto__ makes an own property of it or refuses it',
    async run({ subject }) {
      const value = Object.defineProperty({}, '__proto__', {
        value: { polluted: true },
        enumerable: true,
        configurable: true,
        writable: true,
      })

      const outcome = givenOrRefused(() => roundTrip(subject, value))

      assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
      if (outcome === undefined) return
      assert.equal((outcome.value as Record<string, unknown>)['polluted'], undefined)
      assert.ok(Object.hasOwn(outcome.value as object, '__proto__'))
    },
  },
  {
    name: 'decode() of any bytes gives a value or refuses them, and fails in no other way',
    async run({ subject }) {
      for (let first = 0; first < 256; first++) {
        for (const rest of [[], [0x22], [0xff, 0xff, 0xff, 0xff], [0x80, 0, 0, 0, 1]])
          givenOrRefused(() => subject.decode(Uint8Array.of(first, ...rest)))
      }
    },
  },
  {
    name: 'decode() of what is cut off gives no more than was there, or refuses it',
    async run({ subject }) {
      const bytes = subject.encode(accepted(subject)[0])
      for (let length = 0; length < bytes.length; length++) givenOrRefused(() => subject.decode(bytes.slice(0, length)))
    },
  },
]

// What a codec takes: most take data, some only bytes.
const data = {
  text: 'ä ☃ 😀 "quoted" \\ \n',
  number: -1.5,
  large: 9_007_199_254_740_991,
  yes: true,
  none: null,
  list: [1, [2], {}],
  '': 'no key',
}
const samples: readonly unknown[] = [data, [], [null], Uint8Array.of(0, 1, 128, 255)]

function accepted(codec: Codec): readonly unknown[] {
  return takesData(codec) ? samples.slice(0, 3) : samples.slice(3)
}

function takesData(codec: Codec): boolean {
  return givenOrRefused(() => codec.encode(data)) !== undefined
}

// Bytes may come back as any kind of Uint8Array.
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? [...value] : value
}

/** The contract of a codec as test cases. A codec takes data (objects, lists, strings, numbers, booleans, null) or, like `bytes`, a `Uint8Array` only. */
export const codecSuite: Suite<Codec, never> = { kind: 'codec', features: [], cases }
