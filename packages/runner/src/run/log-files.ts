import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@microts/core/base'

/** Where a project keeps the logs of its services, below its folder: `<service>.log`, and `<service>.log.1` for what was before it. */
export const logFolder = join('.micro', 'logs')

/** The log files of a run. */
export interface LogFiles {
  /** One line: `<ISO time> out|err <line>`. */
  write(service: string, stream: 'stdout' | 'stderr', line: string): void
  /** Twice is once. */
  close(): void
}

const maxBytes = 10 * 1024 * 1024

interface OpenFile {
  fd: number
  bytes: number
}

/** Opens log files as they are needed. A disk that is full is told once, through `onFailure`; the run goes on. */
export function logFiles(folder: string, clock: Clock, onFailure: (error: Error) => void): LogFiles {
  const files = new Map<string, OpenFile>()
  let hasFailed = false

  const open = (service: string): OpenFile => {
    mkdirSync(join(folder, logFolder), { recursive: true })
    const fd = openSync(pathOf(folder, service), 'a', 0o600)
    return { fd, bytes: fstatSync(fd).size }
  }
  const rotate = (service: string, file: OpenFile) => {
    closeSync(file.fd)
    renameSync(pathOf(folder, service), `${pathOf(folder, service)}.1`)
    Object.assign(file, open(service))
  }
  return {
    write(service, stream, line) {
      try {
        const file = files.get(service) ?? open(service)
        files.set(service, file)
        if (file.bytes >= maxBytes) rotate(service, file)
        const text = `${new Date(clock.now()).toISOString()} ${stream === 'stdout' ? 'out' : 'err'} ${line}\n`
        file.bytes += writeSync(file.fd, text)
      } catch (error) {
        if (!hasFailed) onFailure(error as Error)
        hasFailed = true
      }
    },
    close() {
      for (const { fd } of files.values()) closeSync(fd)
      files.clear()
    },
  }
}

/** The log file of a service. */
export const pathOf = (folder: string, service: string) => join(folder, logFolder, `${service}.log`)
