// Bob's blackhole: takes all mail, and keeps how many there were. GET / gives that number as JSON.
//
// MICRO_PORT_SMTP and MICRO_PORT_HTTP are its ports on 127.0.0.1. It says on the descriptor MICRO_CHANNEL_FD that it is ready.
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'

let mails = 0

const { MICRO_CHANNEL_FD = '1', MICRO_PORT_SMTP = '0', MICRO_PORT_HTTP = '0' } = process.env

process.once('SIGTERM', () => process.exit())
process.once('SIGINT', () => process.exit())

const counter = http.createServer((_, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify({ mails })}\n`)
})
// A port that is taken ends this with Node's own words for it, which end up in the log.
await once(net.createServer(swallow).listen(Number(MICRO_PORT_SMTP), '127.0.0.1'), 'listening')
await once(counter.listen(Number(MICRO_PORT_HTTP), '127.0.0.1'), 'listening')
writeSync(Number(MICRO_CHANNEL_FD), '{"type":"ready"}\n')

function swallow(socket) {
  let rest = ''
  let isData = false
  socket.setEncoding('latin1')
  socket.setTimeout(60_000, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.write('220 blackhole\r\n')
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    // Of a long line no more is needed than tells that it is not the lone dot.
    rest = lines.pop().slice(0, 1000)
    for (const line of lines) {
      if (isData) {
        if (line.trimEnd() !== '.') continue
        isData = false
        mails += 1
        socket.write('250 gone\r\n')
      } else if (/^quit/i.test(line)) socket.end('221 bye\r\n')
      else {
        isData = /^data/i.test(line)
        socket.write(isData ? '354 go on\r\n' : '250 ok\r\n')
      }
    }
  })
}
