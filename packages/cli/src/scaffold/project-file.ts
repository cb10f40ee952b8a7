import { readFile, writeFile } from 'node:fs/promises'
import { parseDocument } from 'yaml'

/** Adds a service of ours to a project file; comments and order stay as they are. */
export async function addService(file: string, name: string, path: string): Promise<void> {
  const document = parseDocument(await readFile(file, 'utf8'))
  const entry = document.createNode({ type: 'node', path })
  entry.flow = true
  document.setIn(['services', name], entry)
  await writeFile(file, document.toString({ lineWidth: 0 }))
}
