import { join, relative, resolve } from 'node:path'
import { writeProjectSchema, type ProjectLocation } from '@microts/runner'
import { catalogOf } from '../catalog.js'
import type { Command } from '../command.js'
import { cliErrors } from '../errors.js'
import { findInstallation, type Installation } from '../installation.js'
import { fillFolder, toScaffoldError } from '../scaffold/folder.js'
import { addDependencies } from '../scaffold/manifest.js'
import { planService } from '../scaffold/project-file.js'
import { ourDependencies } from '../scaffold/dependencies.js'
import { equipService } from '../scaffold/equip.js'
import { wordsOf, writeTemplate } from '../scaffold/template.js'
import { projectAt } from '../target.js'
import type { Terminal } from '../terminal.js'

export const command: Command = {
  name: 'new',
  summary: 'Makes a new project with one service of that name; inside a project, one more service under services/.',
  examples: ['micro new shop && cd shop && npm install && npx micro up', 'micro new stock      # inside a project'],
  arguments: [{ name: '<name>', description: 'a-z, 0-9 and "-", beginning with a letter' }],
  options: [{ flags: '-y, --yes', description: 'take every default; nothing is asked anyway' }],
  async run({ arguments: [name] }, terminal) {
    const word = String(name)
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(word)) throw cliErrors.nameInvalid(word)
    const installation = findInstallation()
    const project = projectAt(terminal.folder)
    if (project === undefined) await newProject(word, installation, terminal)
    else await newService(word, project, installation, terminal)
  },
}

async function newProject(name: string, installation: Installation, terminal: Terminal): Promise<void> {
  const folder = resolve(terminal.folder, name)
  const service = join('services', name)
  const words = wordsOf(name)
  const files = await fillFolder(folder, async () => {
    const ours = await ourDependencies(installation, (line) => terminal.err(line))
    const written = [
      ...(await writeTemplate(join(installation.templates, 'project'), folder, words)),
      ...(await writeTemplate(join(installation.templates, 'service'), join(folder, service), words)).map((file) => join(service, file)),
    ]
    await addDependencies(join(folder, 'package.json'), ours)
    writeProjectSchema(folder, await catalogOf(installation))
    return written
  })

  if (terminal.wantsJson) return terminal.json({ type: 'project', name, folder, files })
  report(`Made ${folder}`, files, [`cd ${relative(terminal.folder, folder)}`, 'npm install', 'npm test', 'npx micro up'], terminal)
}

async function newService(name: string, project: ProjectLocation, installation: Installation, terminal: Terminal): Promise<void> {
  const entry = await planService(project.file, project.folder, name)
  const path = relative(project.folder, entry.folder)
  const { files, equipment } = await fillFolder(entry.folder, async () => {
    const written = await writeTemplate(join(installation.templates, 'service'), entry.folder, wordsOf(name))
    const equipped = await equipService(installation, project.folder, name, (line) => terminal.err(line))
    // Last, so that the file never names a service that is not there.
    await entry.write().catch((error: unknown) => Promise.reject(toScaffoldError(error, project.file)))
    return { files: written.map((file) => join(path, file)), equipment: equipped }
  })

  if (terminal.wantsJson) return terminal.json({ type: 'service', name, folder: entry.folder, files, dependencies: equipment.added })
  const next = [
    ...(equipment.added.length > 0 ? ['npm install'] : []),
    testCommand(equipment.testScript, path, name),
    `npx micro run ./${path}`,
  ]
  report(`Made ${entry.folder}, and named it in ${relative(terminal.folder, project.file)}`, files, next, terminal)
}

// A repository that was there before has tests of its own, which may not know of this one.
const testCommand = (script: string | undefined, path: string, name: string) =>
  script?.includes('services/*/*.test.ts') === true && path === join('services', name)
    ? 'npm test'
    : `node --import tsx --test ${path}/${name}.test.ts`

function report(what: string, files: readonly string[], next: readonly string[], terminal: Terminal): void {
  terminal.out([what, ...files.map((file) => `  ${file}`), '', 'Next:', ...next.map((line) => `  ${line}`)].join('\n'))
}
