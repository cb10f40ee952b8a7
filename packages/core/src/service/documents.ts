import { validate, type StandardSchemaV1, type Watch } from '../base/index.js'
import type { Broker, PublishOptions } from '../broker/broker.js'
import type { Codec } from '../codec/codec.js'
import type { PutOptions, Store, StoreQuery, StoreScope } from '../store/store.js'
import { serviceErrors } from './errors.js'

/** A store as handlers see it: values instead of bytes, written and read by the service's codec (JSON). */
export interface DocumentStore {
  /** The value, or undefined when there is none. With a schema it is checked: `data_loss`/`DOCUMENT_INVALID` when it does not fit. */
  get<Output = unknown>(
    key: string,
    options?: StoreScope & { readonly schema?: StandardSchemaV1<unknown, Output> },
  ): Promise<Output | undefined>
  /** Writes the value, in the place of one with that key. */
  put(key: string, value: unknown, options?: PutOptions): Promise<void>
  /** Gives whether there was one. */
  delete(key: string, options?: StoreScope): Promise<boolean>
  /** The keys that fit, in the order of their bytes. */
  list(query?: StoreQuery): AsyncIterable<string>
  /** The keys that fit, with their values, checked as by `get`. */
  getAll<Output = unknown>(
    query?: StoreQuery & { readonly schema?: StandardSchemaV1<unknown, Output> },
  ): AsyncIterable<{ readonly key: string; readonly value: Output }>
  /** Changes of the keys that begin with `prefix`. Needs the store's feature `watch`. */
  watch(
    query?: StoreScope & { readonly prefix?: string; readonly signal?: AbortSignal },
  ): Promise<Watch<{ readonly type: 'put' | 'delete'; readonly key: string }>>
  /** The store itself, with bytes. */
  readonly bytes: Store
}

/** A broker as handlers see it: values instead of bytes, with the headers that go-micro's subscribers read. */
export interface DocumentBroker {
  /** Publishes the value. `metadata` travels as headers. */
  publish(topic: string, value: unknown, options?: PublishOptions & { readonly metadata?: Readonly<Record<string, string>> }): Promise<void>
  /** The broker itself, with bytes. */
  readonly bytes: Broker
}

/** `store` with values. */
export function documentStore(store: Store, codec: Codec): DocumentStore {
  const decode = async <Output>(key: string, bytes: Uint8Array, schema?: StandardSchemaV1<unknown, Output>): Promise<Output> => {
    try {
      const value = codec.decode(bytes)
      return schema === undefined ? (value as Output) : await validate(schema, value, `the value of "${key}"`)
    } catch (cause) {
      throw serviceErrors.documentInvalid(key, cause)
    }
  }
  return {
    async get(key, options = {}) {
      const { schema, ...scope } = options
      const record = await store.get(key, scope)
      return record === undefined ? undefined : decode(key, record.value, schema)
    },
    put: (key, value, options) => store.put(key, codec.encode(value), options),
    delete: (key, options) => store.delete(key, options),
    list: (query) => store.list(query),
    async *getAll<Output>({ schema, ...query }: StoreQuery & { readonly schema?: StandardSchemaV1<unknown, Output> } = {}) {
      for await (const { key, value } of store.getAll(query)) yield { key, value: await decode(key, value, schema) }
    },
    watch: (query) => store.watch(query),
    bytes: store,
  }
}

/** `broker` with values. `from` is the service that publishes. */
export function documentBroker(broker: Broker, codec: Codec, from: string): DocumentBroker {
  return {
    async publish(topic, value, options = {}) {
      const { metadata, ...rest } = options
      const header = {
        ...metadata,
        'Content-Type': codec.contentTypes[0],
        'Micro-Topic': topic,
        'Micro-Id': crypto.randomUUID(),
        'Micro-From-Service': from,
      }
      await broker.publish(topic, { header, body: codec.encode(value) }, rest)
    },
    bytes: broker,
  }
}

/** The value of a message, checked. @throws `invalid_argument`: NOT_DECODABLE or SCHEMA_MISMATCH */
export async function decodeMessage(body: Uint8Array, topic: string, codec: Codec, schema: StandardSchemaV1 | undefined): Promise<unknown> {
  const value = codec.decode(body)
  return schema === undefined ? value : validate(schema, value, `the message of "${topic}"`)
}
