import { join, relative, resolve } from 'node:path'
import { settlePlugins, writeProjectSchema, type ProjectLocation, type SettledPlugins } from '@microts/runner'
import { catalogOf } from '../catalog.js'
import type { Command, Invocation } from '../command.js'
import { cliErrors } from '../errors.js'
import { fetchingFrom, fetchingOptions } from '../fetching.js'
import { findInstallation, type Installation } from '../installation.js'
import { pluginOptions, pluginsFrom } from '../plugin-options.js'
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
  examples: [
    'micro new shop && cd shop && npm install && npx micro up',
    'micro new stock      # inside a project',
    'micro new orders --plugins=broker/nats',
  ],
  arguments: [{ name: '<name>', description: 'a-z, 0-9 and "-", beginning with a letter' }],
  idleWord: 'service',
  options: [{ flags: '-y, --yes', description: 'take every default; nothing is asked anyway' }, ...pluginOptions, ...fetchingOptions],
  async run({ arguments: [name], options }, terminal) {
    const word = String(name)
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(word)) throw cliErrors.nameInvalid(word)
    const installation = findInstallation()
    const project = projectAt(terminal.folder)
    const made: Making = { name: word, installation, terminal, options }
    if (project === undefined) await newProject(made)
    else await newService(made, project)
  },
}

interface Making {
  readonly name: string
  readonly installation: Installation
  readonly terminal: Terminal
  readonly options: Invocation['options']
}

async function newProject({ name, installation, terminal, options }: Making): Promise<void> {
  const folder = resolve(terminal.folder, name)
  const service = join('services', name)
  const words = wordsOf(name)
  const { files, plugins } = await fillFolder(folder, async () => {
    const written = [
      ...(await writeTemplate(join(installation.templates, 'project'), folder, words)),
      ...(await writeTemplate(join(installation.templates, 'service'), join(folder, service), words)).map((file) => join(service, file)),
    ]
    const listed = await listPlugins({ name, installation, terminal, options }, folder, join(folder, service))
    const ours = await ourDependencies(installation, (line) => terminal.err(line), packagesOf(listed))
    await addDependencies(join(folder, 'package.json'), ours)
    writeProjectSchema(folder, await catalogOf(installation))
    return { files: written, plugins: listed }
  })

  if (terminal.wantsJson) return terminal.json({ type: 'project', name, folder, files, plugins })
  report(`Made ${folder}`, files, [`cd ${relative(terminal.folder, folder)}`, 'npm install', 'npm test', 'npx micro up'], terminal)
}

async function newService({ name, installation, terminal, options }: Making, project: ProjectLocation): Promise<void> {
  const entry = await planService(project.file, project.folder, name)
  const path = relative(project.folder, entry.folder)
  const { files, equipment, plugins } = await fillFolder(entry.folder, async () => {
    const written = await writeTemplate(join(installation.templates, 'service'), entry.folder, wordsOf(name))
    const listed = await listPlugins({ name, installation, terminal, options }, project.folder, entry.folder)
    const packages = packagesOf(listed)
    const equipped = await equipService({ installation, folder: project.folder, name, packages, tell: (line) => terminal.err(line) })
    // Last, so that the file never names a service that is not there.
    await entry.write().catch((error: unknown) => Promise.reject(toScaffoldError(error, project.file)))
    return { files: written.map((file) => join(path, file)), equipment: equipped, plugins: listed }
  })

  const { added } = equipment
  if (terminal.wantsJson) return terminal.json({ type: 'service', name, folder: entry.folder, files, dependencies: added, plugins })
  const next = [...(added.length > 0 ? ['npm install'] : []), testCommand(equipment.testScript, path, name), `npx micro run ./${path}`]
  report(`Made ${entry.folder}, and named it in ${relative(terminal.folder, project.file)}`, files, next, terminal)
}

/** Writes what `--plugins` says into the new service's list, and gives the references. */
async function listPlugins({ name, installation, terminal, options }: Making, project: string, folder: string): Promise<readonly string[]> {
  const { plugins: words } = pluginsFrom(options)
  if (words === undefined) return []
  const settled: SettledPlugins = await settlePlugins({
    project,
    services: [{ name, folder }],
    words,
    from: terminal.folder,
    catalog: await catalogOf(installation),
    packageFolders: [installation.folder],
    ownVersion: installation.version,
    env: terminal.env,
    fetching: fetchingFrom(options, terminal),
  })
  return settled.references ?? []
}

/** The packages of those that are Micro's own. */
const packagesOf = (references: readonly string[]) =>
  references.flatMap((reference) => (/^[a-z]+\/[a-z0-9-]+$/.test(reference) ? [`@microts/${reference.replace('/', '-')}`] : []))

// A repository that was there before has tests of its own, which may not know of this one.
const testCommand = (script: string | undefined, path: string, name: string) =>
  script?.includes('services/*/*.test.ts') === true && path === join('services', name)
    ? 'npm test'
    : `node --import tsx --test ${path}/${name}.test.ts`

function report(what: string, files: readonly string[], next: readonly string[], terminal: Terminal): void {
  terminal.out([what, ...files.map((file) => `  ${file}`), '', 'Next:', ...next.map((line) => `  ${line}`)].join('\n'))
}
