import type { Code } from '../base/index.js'

/** How one of our codes looks elsewhere. */
export interface Status {
  /** The number of go-micro's errors, which are HTTP statuses by their meaning. */
  readonly go: number
  /** The status of a plain HTTP answer. */
  readonly http: number
  /** Go's text of the number. */
  readonly text: string
}

/** Every code. Where go-micro has one number for several of ours, ours travels beside it. */
const statuses: Readonly<Record<Code, Status>> = {
  invalid_argument: { go: 400, http: 400, text: 'Bad Request' },
  unauthenticated: { go: 401, http: 401, text: 'Unauthorized' },
  permission_denied: { go: 403, http: 403, text: 'Forbidden' },
  not_found: { go: 404, http: 404, text: 'Not Found' },
  // 408 tells a browser to repeat; a gateway's 504 says what happened.
  deadline_exceeded: { go: 408, http: 504, text: 'Request Timeout' },
  already_exists: { go: 409, http: 409, text: 'Conflict' },
  aborted: { go: 409, http: 409, text: 'Conflict' },
  failed_precondition: { go: 412, http: 412, text: 'Precondition Failed' },
  out_of_range: { go: 416, http: 416, text: 'Requested Range Not Satisfiable' },
  resource_exhausted: { go: 429, http: 429, text: 'Too Many Requests' },
  // What nginx calls "client closed request"; Go has no text for it.
  canceled: { go: 499, http: 499, text: '' },
  internal: { go: 500, http: 500, text: 'Internal Server Error' },
  unknown: { go: 500, http: 500, text: 'Internal Server Error' },
  data_loss: { go: 500, http: 500, text: 'Internal Server Error' },
  unimplemented: { go: 501, http: 501, text: 'Not Implemented' },
  unavailable: { go: 503, http: 503, text: 'Service Unavailable' },
}

const codes: Readonly<Record<number, Code>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  405: 'unimplemented',
  408: 'deadline_exceeded',
  409: 'already_exists',
  412: 'failed_precondition',
  416: 'out_of_range',
  429: 'resource_exhausted',
  499: 'canceled',
  500: 'internal',
  501: 'unimplemented',
  502: 'unavailable',
  503: 'unavailable',
  504: 'deadline_exceeded',
}

/** How `code` looks to go-micro and to HTTP. */
export function statusOf(code: Code): Status {
  return statuses[code]
}

/** What go-micro's number `go` means; `unknown` for a number of somebody's own. */
export function codeOf(go: number): Code {
  return codes[go] ?? 'unknown'
}

/** Whether `word` is one of the 16 codes. */
export function isCode(word: unknown): word is Code {
  return typeof word === 'string' && Object.hasOwn(statuses, word)
}
