import { existsSync } from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Command } from '../command.js'
import { cliErrors } from '../errors.js'
import { findInstallation, type Installation } from '../installation.js'
import { ourDependencies } from '../scaffold/dependencies.js'
import { addService } from '../scaffold/project-file.js'
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
    else await newService(word, project.file, project.folder, installation, terminal)
  },
}

async function newProject(name: string, installation: Installation, terminal: Terminal): Promise<void> {
  const folder = resolve(terminal.folder, name)
  if (existsSync(folder) && (await readdir(folder)).length > 0) throw cliErrors.exists(folder)
  if (installation.checkout !== undefined) terminal.err('Packing this checkout, for the new project to depend on ...')
  const ours = await ourDependencies(installation)
  const files = await writeTemplate(join(installation.templates, 'project'), folder, wordsOf(name))
  const service = join('services', name)
  files.push(
    ...(await writeTemplate(join(installation.templates, 'service'), join(folder, service), wordsOf(name))).map((file) =>
      join(service, file),
    ),
  )
  await addDependencies(join(folder, 'package.json'), ours)

  if (terminal.wantsJson) return terminal.json({ type: 'project', name, folder, files })
  const next = [`cd ${relative(terminal.folder, folder)}`, 'npm install', 'npm test', 'npx micro up']
  terminal.out([`Made ${folder}`, ...files.map((file) => `  ${file}`), '', 'Next:', ...next.map((line) => `  ${line}`)].join('\n'))
}

async function newService(
  name: string,
  file: string,
  projectFolder: string,
  installation: Installation,
  terminal: Terminal,
): Promise<void> {
  const path = `services/${name}`
  const folder = join(projectFolder, path)
  if (existsSync(folder) && (await readdir(folder)).length > 0) throw cliErrors.exists(folder)
  const files = await writeTemplate(join(installation.templates, 'service'), folder, wordsOf(name))
  await addService(file, name, `./${path}`)

  if (terminal.wantsJson) return terminal.json({ type: 'service', name, folder, files })
  const next = ['npm test', `npx micro run ./${path}`]
  terminal.out(
    [
      `Made ${folder}, and named it in ${relative(terminal.folder, file) || file}`,
      ...files.map((one) => `  ${path}/${one}`),
      '',
      'Next:',
      ...next.map((line) => `  ${line}`),
    ].join('\n'),
  )
}

async function addDependencies(file: string, ours: Awaited<ReturnType<typeof ourDependencies>>): Promise<void> {
  const manifest = JSON.parse(await readFile(file, 'utf8')) as { dependencies: object; devDependencies: object }
  const merged = {
    ...manifest,
    dependencies: { ...ours.dependencies, ...manifest.dependencies },
    devDependencies: { ...ours.devDependencies, ...manifest.devDependencies },
  }
  await writeFile(file, `${JSON.stringify(merged, null, 2)}\n`)
}
