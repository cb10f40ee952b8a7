/** docs/api: a page for each front door, from the doc comments; a contract's page opens with a program that runs. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Application, ReflectionKind } from 'typedoc'
import { filesBelow, root, workspaceFolders } from './files.mjs'
import { headingsOf } from './links.mjs'

// Of 100 exports, the most that may lack a doc comment is 5.
const leastDocumented = 0.95

/** @returns {Promise<{ files: Map<string, string>, problems: string[], notes: string[] }>} */
export async function apiPages() {
  const doors = frontDoors()
  const scratch = mkdtempSync(join(tmpdir(), 'micro-docs-'))
  try {
    const app = await Application.bootstrapWithPlugins(
      /** @type {import('typedoc').TypeDocOptions} */ ({
        entryPoints: doors.map(({ file }) => join(root, file)),
        tsconfig: join(root, 'tsconfig.json'),
        plugin: ['typedoc-plugin-markdown'],
        outputs: [{ name: 'markdown', path: scratch }],
        readme: 'none',
        name: 'Micro',
        disableSources: true,
        disableGit: true,
        excludeExternals: true,
        excludeInternal: true,
        excludePrivate: true,
        githubPages: false,
        sort: ['source-order'],
        logLevel: 'Warn',
        skipErrorChecking: true,
        outputFileStrategy: 'modules',
        entryFileName: 'README',
        flattenOutputFiles: false,
        hideBreadcrumbs: true,
        hidePageHeader: true,
        useCodeBlocks: true,
        expandObjects: true,
        parametersFormat: 'table',
        interfacePropertiesFormat: 'list',
        typeDeclarationFormat: 'table',
        formatWithPrettier: false,
      }),
    )
    const project = await app.convert()
    if (project === undefined) return { files: new Map(), problems: ['typedoc read nothing'], notes: [] }
    for (const module of project.children ?? []) {
      module.name = doorOf(doors, module.name)
      contractFirst(project, module)
    }
    const coverage = documented(project)
    await app.generateOutputs(project)
    const written = filesBelow(scratch, (path) => path.endsWith('.md'), scratch)
    const files = new Map(written.map((path) => [`docs/api/${path}`, page(path, readFileSync(join(scratch, path), 'utf8'))]))
    for (const [path, text] of files) files.set(path, withTrueAnchors(path, text, files))
    const errors = app.logger.hasErrors() ? ['typedoc: see its errors above'] : []
    return {
      files,
      problems: [...errors, ...coverage.problems],
      notes: [...coverage.notes, `${files.size} pages of ${doors.length} front doors`],
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Every export that has types, but for the suites: those are documented by the contract that they test. */
function frontDoors() {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return workspaceFolders(workspaces).flatMap((folder) => {
    const { exports = {}, private: isPrivate } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    if (isPrivate === true) return []
    const base = folder.startsWith('packages/')
      ? basename(folder)
      : folder
          .split('/')
          .slice(-2)
          .join('-')
          .replace(/^service-types-/, 'service-')
    return Object.entries(exports).flatMap(([subpath, target]) => {
      const source = target['@microts/source']
      if (source === undefined || target.types === undefined || subpath.endsWith('/conformance')) return []
      const file = join(folder, source)
      if (!existsSync(join(root, file))) return []
      return [{ file, name: subpath === '.' ? mainDoor(base) : `${base}/${subpath.slice(2)}` }]
    })
  })
}

/** A package with one door is one page; core has a folder of them. */
const mainDoor = (base) => (base === 'core' ? 'core/index' : base)

/** Typedoc names a module by its path below what all have in common. */
function doorOf(doors, name) {
  const found = doors.find(({ file }) => file.replace(/\.ts$/, '').endsWith(name) || file.replace(/\/index\.ts$/, '').endsWith(name))
  if (found === undefined) throw new Error(`no front door is called ${name}`)
  return found.name
}

/** What `store/store.ts` declares stands before what the other files of `store/` do, and `Store` before all. */
function contractFirst(project, module) {
  const kind = basename(module.name)
  const rank = (child) => {
    if (child.name.toLowerCase() === kind) return 0
    return project.getSymbolIdFromReflection(child)?.packagePath.endsWith(`/${kind}/${kind}.ts`) ? 1 : 2
  }
  for (const group of module.groups ?? []) group.children = group.children.toSorted((a, b) => rank(a) - rank(b))
}

function documented(project) {
  const exported = (project.children ?? []).flatMap((module) =>
    (module.children ?? [])
      .filter((child) => child.kind !== ReflectionKind.Reference)
      .map((child) => ({
        name: `${module.name}: ${child.name}`,
        isDocumented: child.hasComment() || (child.signatures ?? []).some((each) => each.hasComment()),
      })),
  )
  const without = exported.filter(({ isDocumented }) => !isDocumented).map(({ name }) => name)
  const share = exported.length === 0 ? 1 : 1 - without.length / exported.length
  const figure = `${exported.length - without.length} of ${exported.length} exports have a doc comment (${(share * 100).toFixed(1)} %)`
  if (share >= leastDocumented) return { problems: [], notes: [figure] }
  return { problems: without.map((name) => `${name}: has no doc comment`), notes: [figure] }
}

/**
 * Two exports that differ only in case (`NatsClient`, `natsClient`) have one anchor between them, and the second gets a number: which one is
 * known when the page stands. Typedoc counts before; so a link with a number is led to the heading that it names.
 */
function withTrueAnchors(path, text, files) {
  return text.replaceAll(/\[`?([^\]`]+)`?\]\(([^)#]*)#([\w-]+?)-\d+\)/g, (link, label, page, slug) => {
    const target = page === '' ? path : join(dirname(path), page)
    const name = label.replaceAll('\\', '')
    const found = headingsOf(files.get(target) ?? '').find(
      ({ heading, anchor }) => [name, `${name}()`].includes(heading) && anchor.startsWith(slug),
    )
    return found === undefined ? link : link.replace(/#[\w-]+\)$/, `#${found.anchor})`)
  })
}

/** The heading as an import reads it, then the program, then what typedoc wrote. */
function page(path, text) {
  const body = text.replace(/^# .*\n+/, '').trimEnd()
  if (path === 'README.md') return `# The API, by front door\n\nGenerated by \`npm run docs\` from the doc comments.\n\n${body}\n`
  const door = path.replace(/\.md$/, '')
  const specifier = `@microts/${door.replace(/\/index$/, '')}`
  const example = `docs/examples/${basename(door)}.ts`
  const program = existsSync(join(root, example))
    ? `A complete program:\n\n\`\`\`ts file=${example}\n${readFileSync(join(root, example), 'utf8').trimEnd()}\n\`\`\`\n\n`
    : ''
  return `# \`${specifier}\`\n\n${program}${body}\n`
}
