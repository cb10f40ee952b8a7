/** Headers that belong to one HTTP connection, not to the frame: never handed on, in neither direction. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Whether a request with these headers is a frame: it has one of go-micro's. */
export function isFrame(header: Readonly<Record<string, string>>): boolean {
  for (const name in header) if (name.startsWith('micro-') || name.startsWith('x-micro-')) return true
  return false
}

/** Whether the frame opens a stream of go-micro's, or belongs to one. */
export function isStreamFrame(header: Readonly<Record<string, string>>): boolean {
  return (header['micro-stream'] || header['x-micro-stream'] || '') !== ''
}
