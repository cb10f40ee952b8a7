// RFC 1035, 2.3.4: a label has at most 63 bytes, a name with its length bytes and its end at most 255.
const maxLabelBytes = 63
const maxNameBytes = 255

/**
 * The name that begins at `start`, with a dot at its end, and where what follows it begins.
 *
 * Dots, backslashes and unprintable bytes inside a label are escaped as `\ddd`, so that no two names look alike.
 *
 * @throws RangeError when it runs over the end, is too long, or points anywhere but backwards (so that it cannot loop)
 */
export function readName(bytes: Uint8Array, start: number): { readonly name: string; readonly end: number } {
  let at = start
  let lowest = start
  let end: number | undefined
  let size = 1
  let name = ''
  for (;;) {
    const length = byteAt(bytes, at)
    if (length === 0) return { name: name === '' ? '.' : name, end: end ?? at + 1 }
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | byteAt(bytes, at + 1)
      if (target >= lowest) throw new RangeError('name points forward')
      end ??= at + 2
      at = lowest = target
      continue
    }
    size += length + 1
    if (length > maxLabelBytes || size > maxNameBytes || at + 1 + length > bytes.length) throw new RangeError('name is too long')
    name += `${escapeLabel(bytes.subarray(at + 1, at + 1 + length))}.`
    at += length + 1
  }
}

/**
 * The labels of a name, each as latin1 text of its bytes.
 *
 * @throws RangeError when a label is empty or longer than 63 bytes, or the name longer than 255
 */
export function nameLabels(name: string): string[] {
  if (name === '.') return []
  const labels = (name.endsWith('.') ? name : `${name}.`).match(/(?:\\\d{3}|\\.|[^\\.])*\./gs) ?? []
  const raw = labels.map((label) => unescapeLabel(label.slice(0, -1)))
  for (const label of raw) {
    if (label.length === 0 || label.length > maxLabelBytes)
      throw new RangeError(`"${label}" in "${name}" must have 1 to ${maxLabelBytes} bytes`)
  }
  const size = raw.reduce((sum, label) => sum + label.length + 1, 1)
  if (size > maxNameBytes) throw new RangeError(`"${name}" takes ${size} bytes of at most ${maxNameBytes}`)
  return raw
}

function escapeLabel(bytes: Uint8Array): string {
  let label = ''
  for (const byte of bytes) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c
    label += isPlain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`
  }
  return label
}

function unescapeLabel(label: string): string {
  return label.replace(/\\(\d{3}|.)/gs, (_, found: string) => (found.length === 3 ? String.fromCharCode(Number(found) & 0xff) : found))
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new RangeError('name runs over the end')
  return byte
}
