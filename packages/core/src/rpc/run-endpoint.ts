import { baseErrors, type Clock, MicroError, remainingMs, validate } from '../base/index.js'
import type { Call, Reply } from './call.js'
import type { Endpoint } from './endpoint.js'
import { rpcErrors } from './errors.js'

const noMetadata = {}

/**
 * Checks the input, lets the endpoint do its work, checks the output. At once when schema and handler are synchronous, so that a synchronous path stays one.
 *
 * A call whose time is used up is not begun.
 *
 * @throws `invalid_argument`/`SCHEMA_MISMATCH`, `deadline_exceeded`, `internal`/`OUTPUT_MISMATCH`, and whatever the handler throws
 */
export function runEndpoint(endpoint: Endpoint, call: Call, clock: Clock): Reply | Promise<Reply> {
  const input = endpoint.input === undefined ? call.input : checkedInput(endpoint, call.input)
  return input instanceof Promise ? input.then((value) => handle(endpoint, value, call, clock)) : handle(endpoint, input, call, clock)
}

function handle(endpoint: Endpoint, input: unknown, call: Call, clock: Clock): Reply | Promise<Reply> {
  if (remainingMs(call.deadline, clock) <= 0) throw baseErrors.deadlineExceeded(`answering ${endpoint.name}`, call.deadline.timeoutMs)
  const output = endpoint.handle(input, call)
  return isThenable(output) ? Promise.resolve(output).then((value) => replyOf(endpoint, value)) : replyOf(endpoint, output)
}

// An empty body is go-micro's way to send the zero value, so where a schema takes no undefined it may take an object without keys.
function checkedInput(endpoint: Endpoint, input: unknown): unknown {
  const schema = endpoint.input as NonNullable<Endpoint['input']>
  const what = `the input of ${endpoint.name}`
  if (input !== undefined) return validate(schema, input, what)
  try {
    const checked = validate(schema, undefined, what)
    return checked instanceof Promise ? checked.catch(() => validate(schema, {}, what)) : checked
  } catch {
    // What is wrong with {} says more than that undefined is not an object.
    return validate(schema, {}, what)
  }
}

function replyOf(endpoint: Endpoint, output: unknown): Reply | Promise<Reply> {
  if (endpoint.output === undefined) return { output, metadata: noMetadata }
  try {
    const checked = validate(endpoint.output, output, `the output of ${endpoint.name}`)
    if (!(checked instanceof Promise)) return { output: checked, metadata: noMetadata }
    return checked.then(
      (value: unknown) => ({ output: value, metadata: noMetadata }),
      (error: unknown) => {
        throw mismatch(endpoint, error)
      },
    )
  } catch (error) {
    throw mismatch(endpoint, error)
  }
}

function mismatch(endpoint: Endpoint, error: unknown): unknown {
  return MicroError.is(error) ? rpcErrors.outputMismatch(endpoint.name, error) : error
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
