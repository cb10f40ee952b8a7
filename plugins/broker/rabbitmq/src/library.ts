import type { Socket } from 'node:net'
import type { AMQPError, AsyncMessage, Channel, Connection } from 'rabbitmq-client'

/** A message as the library hands it over, once {@link keepBytes} has been told. */
export interface RawMessage extends Omit<AsyncMessage, 'body' | 'contentType'> {
  readonly body: Buffer
  /** The property `content-type`. */
  readonly appContentType?: string
}

interface HeaderFrame {
  readonly fields: { contentType?: string | undefined; appContentType?: string }
}

/**
 * Keeps the library from parsing bodies whose property `content-type` is JSON or text: the bytes would not be the same afterwards, and bytes are what
 * subscribers get. It has no option for that (5.0.8): the property is moved out of its sight when a header arrives.
 */
export function keepBytes(channel: Channel): void {
  const inner = channel as unknown as { _onHeader: (frame: HeaderFrame) => void }
  const read = inner._onHeader.bind(channel)
  inner._onHeader = (frame) => {
    const { contentType } = frame.fields
    if (contentType !== undefined) {
      frame.fields.appContentType = contentType
      delete frame.fields.contentType
    }
    read(frame)
  }
}

// Far above a frame of any server.
const maxReadBytes = 1024 * 1024

/**
 * Ends a new connection whose other side announces a frame of impossible size. The library would ask its socket for so many bytes, which throws where
 * nobody catches it: any HTTP server at the address would end this process (5.0.8, tried).
 */
export function guardReads(connection: Connection): void {
  const { _socket: socket } = connection as unknown as { readonly _socket: Socket }
  const read = socket.read.bind(socket)
  socket.read = (bytes?: number) => {
    if (bytes === undefined || bytes <= maxReadBytes) return read(bytes) as unknown
    socket.destroy(new Error('what answers there does not speak AMQP 0-9-1'))
    return null
  }
}

/** The size of frames that was agreed on with the server. The library keeps it to itself, and goes on with the one that it was told (5.0.8). */
export function agreedFrameBytes(connection: Connection): number {
  return (connection as unknown as { readonly _state: { readonly frameMax: number } })._state.frameMax
}

/** AMQP's name for what went wrong: `ACCESS_REFUSED`, `PRECONDITION_FAILED`; or Node's: `ECONNREFUSED`. */
export function codeOf(error: unknown): string {
  return String((error as Partial<AMQPError> | undefined)?.code)
}
