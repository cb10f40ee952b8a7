/** docs/errors.md: every failure that can reach a user, by its reason, read out of the errors.ts files. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { filesBelow, root } from './files.mjs'

const folders = ['packages', 'plugins', 'service-types']
const isErrorsFile = (path) => /(^|\/|-)errors\.ts$/.test(path)

/**
 * @typedef {{ reason: string, code: string, message: string, hint: string, file: string }} Failure
 * @returns {{ files: Map<string, string>, problems: string[], notes: string[] }}
 */
export function errorsPage() {
  const sources = folders.flatMap((folder) =>
    filesBelow(join(root, folder), (path) => path.includes('/src/') && path.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(path)),
  )
  const failures = sources.filter(isErrorsFile).flatMap((file) => failuresOf(file))
  const problems = [...codeProblems(failures), ...sources.filter((path) => !isErrorsFile(path)).flatMap((file) => inlineProblems(file))]
  return { files: new Map([['docs/errors.md', render(failures)]]), problems, notes: [`${failures.length} errors`] }
}

/** Every `new MicroError(...)` of a file, and every call of a function of that file which makes one from its arguments. */
export function failuresOf(file, text = readFileSync(join(root, file), 'utf8')) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true)
  const makers = makersOf(source)
  const found = []
  const visit = (node) => {
    const parts = partsOf(node)
    if (parts !== undefined && isText(parts.reason)) found.push(parts)
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && makers.has(node.expression.text)) {
      const filled = fill(makers.get(node.expression.text), node.arguments)
      if (isText(filled.reason)) found.push(filled)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found.map(({ code, reason, message, hint }) => ({
    file,
    reason: reason.text,
    code: code === undefined ? 'unknown' : textOf(code),
    message: message === undefined ? '' : textOf(message),
    hint: hint === undefined ? '' : textOf(hint),
  }))
}

const isText = (node) => node !== undefined && (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node))

/** The four parts, as expressions, of `new MicroError(code, message, { reason, hint })` or of `{ code, reason, message, hint }`. */
function partsOf(node) {
  if (ts.isNewExpression(node) && node.expression.getText() === 'MicroError') {
    const [code, message, options] = node.arguments ?? []
    return { code, message, ...propertiesOf(options, ['reason', 'hint']) }
  }
  if (ts.isObjectLiteralExpression(node)) {
    const parts = propertiesOf(node, ['code', 'reason', 'message', 'hint'])
    if (parts.code !== undefined && parts.reason !== undefined && parts.message !== undefined) return parts
  }
  return undefined
}

function propertiesOf(object, names) {
  if (object === undefined || !ts.isObjectLiteralExpression(object)) return {}
  const parts = {}
  for (const property of object.properties) {
    const name = property.name?.getText()
    if (name === undefined || !names.includes(name)) continue
    if (ts.isPropertyAssignment(property)) parts[name] = property.initializer
    if (ts.isShorthandPropertyAssignment(property)) parts[name] = property.name
  }
  return parts
}

/** Functions of the file whose error takes its reason from a parameter: `const mistake = (reason, message) => ({ code: 'x', reason, message })`. */
function makersOf(source) {
  const makers = new Map()
  const visit = (node) => {
    const isArrow = ts.isVariableDeclaration(node) && node.initializer !== undefined && ts.isArrowFunction(node.initializer)
    const made = isArrow ? node.initializer : node
    if ((isArrow || ts.isFunctionDeclaration(node)) && node.name !== undefined && ts.isIdentifier(node.name)) {
      const parameters = made.parameters.map((parameter) => parameter.name.getText())
      const parts = firstParts(made)
      if (parts?.reason !== undefined && parameters.includes(parts.reason.getText())) makers.set(node.name.text, { parameters, parts })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return makers
}

function firstParts(node) {
  return partsOf(node) ?? ts.forEachChild(node, firstParts)
}

function fill({ parameters, parts }, values) {
  const valueOf = (name) => {
    const part = parts[name]
    const position = parameters.indexOf(part === undefined ? name : part.getText())
    return position === -1 ? part : values[position]
  }
  return { code: valueOf('code'), reason: valueOf('reason'), message: valueOf('message'), hint: valueOf('hint') }
}

/** An expression as a reader sees it: text as it stands, what varies as `<name>`. */
function textOf(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map((span) => textOf(span.expression) + span.literal.text).join('')
  if (ts.isParenthesizedExpression(node)) return textOf(node.expression)
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) return textOf(node.right)
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) return textOf(node.left) + textOf(node.right)
  if (ts.isConditionalExpression(node)) {
    const branches = [textOf(node.whenTrue), textOf(node.whenFalse)].filter((text) => text !== '')
    return branches.every((text) => text.startsWith('<')) ? (branches[0] ?? '') : branches.join(' | ')
  }
  if (ts.isIdentifier(node)) return node.text === 'undefined' ? '' : `<${node.text}>`
  // `JSON.stringify(name)`, `show(path)`: what is shown is the thing, not the function that shows it.
  const [shown] = ts.isCallExpression(node) ? node.arguments : []
  if (shown !== undefined && (ts.isIdentifier(shown) || ts.isPropertyAccessExpression(shown))) return textOf(shown)
  const identifiers = []
  const visit = (child) => {
    if (ts.isIdentifier(child) && !['String', 'JSON', 'Math'].includes(child.text)) identifiers.push(child.text)
    ts.forEachChild(child, visit)
  }
  visit(node)
  return ts.isPropertyAccessExpression(node) && identifiers.length > 0 ? `<${identifiers.at(-1)}>` : `<${identifiers[0] ?? '...'}>`
}

/** A program that knows a reason must know its code: the same word never means two. */
function codeProblems(failures) {
  const codes = new Map()
  for (const { reason, code, file } of failures) codes.set(reason, new Map([...(codes.get(reason) ?? []), [code, file]]))
  const twice = [...codes].filter(([, byCode]) => byCode.size > 1)
  const shapes = failures.filter(({ reason }) => !/^[A-Z][A-Z0-9_]{1,62}$/.test(reason))
  return [
    ...twice.map(([reason, byCode]) => `${reason}: has ${[...byCode].map(([code, file]) => `the code ${code} in ${file}`).join(' and ')}`),
    ...shapes.map(({ reason, file }) => `${file}: "${reason}" is not UPPER_SNAKE of at most 63 characters`),
  ]
}

/** An error that is made where it is thrown is on no list; base/error.ts, which turns what others threw into ours, is the exception. */
function inlineProblems(file) {
  if (file.endsWith('core/src/base/error.ts') || /(^|\/)conformance(\.ts|\/)/.test(file) || file.includes('/testing/')) return []
  return failuresOf(file)
    .filter(({ reason }) => reason !== '')
    .map(({ reason }) => `${file}: makes ${reason} inline: make it in the errors.ts of its folder`)
}

function render(failures) {
  const sections = [...groupByReason(failures)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, same]) => section(reason, same))
  return [
    '# Errors',
    '',
    'Every failure has one of the 16 codes of gRPC, which says what a program may do about it, and a reason, which says what happened.',
    'Generated by `npm run docs` from the `errors.ts` of each folder; `<name>` stands for a value.',
    '',
    ...sections,
  ].join('\n')
}

function groupByReason(failures) {
  const groups = new Map()
  for (const failure of failures) groups.set(failure.reason, [...(groups.get(failure.reason) ?? []), failure])
  return groups
}

function section(reason, failures) {
  const unique = failures.filter(
    (one, index) => failures.findIndex((other) => other.message === one.message && other.file === one.file) === index,
  )
  const lines = unique.flatMap(({ message, hint, file }) => [
    `- ${escape(message)}`,
    ...(hint === '' ? [] : [`  - fix: ${escape(hint)}`]),
    `  - [${file}](../${file})`,
  ])
  return [`## ${reason}`, '', `Code \`${failures[0].code}\`.`, '', ...lines, ''].join('\n')
}

/** `<name>` is a value, not HTML. */
const escape = (text) =>
  text.replaceAll(/`([^`]*)`|[<>*_]/g, (match, code) => (code === undefined ? `\\${match}` : match)).replaceAll('\n', ' ')
