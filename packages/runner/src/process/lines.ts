import { StringDecoder } from 'node:string_decoder'

// Longer than any log line a person reads; a program that prints a file without line ends fills no memory.
const maxLineLength = 64 * 1024

/**
 * Cuts a stream of bytes into lines. Of a line with more than 65 536 characters the rest is left out, and ` ... (cut)` says so.
 * `end` hands over a last line without a line end.
 */
export function lineSplitter(onLine: (line: string) => void): { readonly push: (chunk: Buffer) => void; readonly end: () => void } {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let isCut = false

  const add = (text: string) => {
    if (isCut) return
    rest += text
    if (rest.length <= maxLineLength) return
    rest = `${rest.slice(0, maxLineLength)} ... (cut)`
    isCut = true
  }
  const finish = () => {
    const line = rest.endsWith('\r') ? rest.slice(0, -1) : rest
    rest = ''
    isCut = false
    onLine(line)
  }
  const push = (text: string) => {
    let from = 0
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      add(text.slice(from, at))
      finish()
      from = at + 1
    }
    add(text.slice(from))
  }
  return {
    push: (chunk) => push(decoder.write(chunk)),
    end() {
      push(decoder.end())
      if (rest !== '') finish()
    },
  }
}
