// The page on which mail is read. Everything that comes from a mail is put in as text (textContent) or shown in the sandboxed frame, never as HTML of this page.

/** @param {string} id */
const element = (id) => /** @type {any} */ (document.getElementById(id))
const tabs = ['html', 'text', 'headers', 'source']
const pageSize = 100
// A longer source makes the browser stutter; it can be downloaded.
const maxShownSource = 1_048_576

const state = {
  items: /** @type {any[]} */ ([]),
  total: 0,
  kept: 0,
  open: /** @type {any} */ (undefined),
  // Counts the lists and the mails asked for: an answer that comes after a later question is dropped.
  listing: 0,
  opening: 0,
}

addEventListener('hashchange', () => void openFromAddress(true))
element('search').addEventListener('submit', (/** @type {Event} */ event) => {
  event.preventDefault()
  void list()
})
// The cross in a search field empties it without a submit.
element('query').addEventListener('search', () => element('query').value === '' && void list())
element('kind').addEventListener('change', () => element('query').value !== '' && void list())
element('more').addEventListener('click', () => void list(state.items.length))
element('delete').addEventListener('click', () => void deleteOpen())
element('delete-all').addEventListener('click', () => void deleteAll())
element('load-remote').addEventListener('click', () => showFrame(true))
for (const tab of tabs) element(`tab-${tab}`).addEventListener('click', () => choose(tab))
element('tabs').addEventListener('keydown', moveBetweenTabs)

follow()
void openFromAddress(false)

/** Asks for the list, or for what comes after its first `start` items. */
async function list(start = 0) {
  const asked = ++state.listing
  const query = new URLSearchParams({
    start: String(start),
    limit: String(start === 0 ? Math.max(pageSize, Math.min(500, state.items.length)) : pageSize),
  })
  if (element('query').value !== '') {
    query.set('query', element('query').value)
    query.set('kind', element('kind').value)
  }
  const answer = await ask(`/page/mails?${query}`)
  if (answer === undefined || asked !== state.listing) return
  state.items =
    start === 0
      ? answer.items
      : [...state.items, ...answer.items.filter((/** @type {any} */ item) => !state.items.some(({ id }) => id === item.id))]
  state.total = answer.total
  state.kept = answer.kept
  drawList()
}

function drawList() {
  const searching = element('query').value !== ''
  element('count').textContent = searching ? `${state.total} of ${state.kept}` : `${state.kept}`
  document.title = state.kept === 0 ? 'Mail' : `(${state.kept}) Mail`
  element('mails').replaceChildren(...state.items.map(row))
  element('empty').hidden = state.items.length > 0
  element('empty').textContent = searching ? 'No mail has this in it.' : 'No mail yet. What is sent to the SMTP port appears here.'
  element('more').hidden = state.items.length >= state.total
  element('delete-all').disabled = state.kept === 0
  markOpen()
}

/** @param {any} item */
function row(item) {
  const link = document.createElement('a')
  link.href = addressOf(item.id)
  link.dataset.id = item.id
  const time = document.createElement('time')
  time.dateTime = item.receivedAt
  time.textContent = new Date(item.receivedAt).toLocaleString()
  const facts = span('quiet', '')
  facts.append(time, ` · ${size(item.bytes)}${item.attachments === 0 ? '' : ` · ${item.attachments} attached`}`)
  link.append(
    span('subject', item.subject || '(no subject)'),
    span('', item.from || '(no sender)'),
    span('quiet', `to ${item.to.join(', ')}`),
    facts,
  )
  const entry = document.createElement('li')
  entry.append(link)
  return entry
}

function markOpen() {
  for (const link of element('mails').querySelectorAll('a')) {
    if (link.dataset.id === state.open?.id) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}

/** Shows the mail that the address names, or none. */
async function openFromAddress(/** @type {boolean} */ moveFocus) {
  const asked = ++state.opening
  const match = /^#\/mail\/(.+)$/.exec(location.hash)
  const mail = match === null ? undefined : await ask(`/page/mails/${match[1]}`)
  if (asked !== state.opening) return
  state.open = mail
  element('mail').hidden = mail === undefined
  document.body.classList.toggle('reading', mail !== undefined)
  markOpen()
  if (mail === undefined) return
  drawMail(mail)
  if (moveFocus) element('subject').focus()
}

/** @param {any} mail */
function drawMail(mail) {
  const path = encodeURIComponent(mail.id)
  element('subject').textContent = mail.subject || '(no subject)'
  element('download').href = `/api/v1/messages/${path}/download`
  const facts = [
    ['From', mail.from],
    ['To', mail.to.join(', ')],
    ['Cc', mail.cc.join(', ')],
    ['Sent to', mail.envelope.to.join(', ')],
    ['Received', `${new Date(mail.receivedAt).toLocaleString()}, ${size(mail.bytes)}`],
  ]
  element('facts').replaceChildren(
    ...facts.filter(([, value]) => value !== '').flatMap(([name, value]) => [text('dt', name), text('dd', value)]),
  )
  element('broken').hidden = mail.problem === undefined
  element('broken').textContent =
    mail.problem === undefined ? '' : `This message cannot be parsed (${mail.problem}). Its source shows it as it came.`

  element('attachments').hidden = mail.files.length === 0
  element('files').replaceChildren(
    ...mail.files.map((/** @type {any} */ file, /** @type {number} */ index) =>
      fileEntry(file, `/page/mails/${path}/attachments/${index}`),
    ),
  )
  element('text').textContent = mail.text
  element('text-cut').hidden = !mail.textCut
  element('headers').replaceChildren(...mail.headers.map(headerRow))
  element('source').textContent = ''
  element('frame').removeAttribute('src')

  element('tab-html').disabled = !mail.hasHtml
  element('tab-text').disabled = mail.text === ''
  element('tab-headers').disabled = mail.headers.length === 0
  const withoutHtml = mail.problem === undefined ? 'text' : 'source'
  choose(mail.hasHtml ? 'html' : withoutHtml)
}

/** @param {any} file @param {string} href */
function fileEntry(file, href) {
  const link = document.createElement('a')
  link.href = href
  link.download = file.name
  link.textContent = file.name
  const entry = document.createElement('li')
  entry.append(link, ` ${file.type}, ${size(file.bytes)}`)
  return entry
}

/** @param {any} header */
function headerRow(header) {
  const name = text('th', header.name)
  name.setAttribute('scope', 'row')
  const line = document.createElement('tr')
  line.append(name, text('td', header.value))
  return line
}

/** @param {string} chosen */
function choose(chosen) {
  for (const tab of tabs) {
    element(`tab-${tab}`).setAttribute('aria-selected', String(tab === chosen))
    element(`tab-${tab}`).tabIndex = tab === chosen ? 0 : -1
    element(`panel-${tab}`).hidden = tab !== chosen
  }
  if (chosen === 'html' && !element('frame').hasAttribute('src')) showFrame(false)
  if (chosen === 'source') void showSource()
}

/** @param {boolean} remote */
function showFrame(remote) {
  element('remote').hidden = remote || !state.open.hasRemoteContent
  element('frame').src = `/page/mails/${encodeURIComponent(state.open.id)}/html${remote ? '?remote=1' : ''}`
}

async function showSource() {
  const { id, bytes } = state.open
  if (bytes > maxShownSource) {
    element('source').textContent = `The source has ${size(bytes)}: download it to read it.`
    return
  }
  const response = await fetch(`/page/mails/${encodeURIComponent(id)}/source`).catch(() => undefined)
  if (response?.ok && state.open?.id === id) element('source').textContent = await response.text()
}

/** @param {KeyboardEvent} event */
function moveBetweenTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  if (step === undefined) return
  const usable = tabs.filter((tab) => !element(`tab-${tab}`).disabled)
  const current = usable.findIndex((tab) => element(`tab-${tab}`) === document.activeElement)
  const next = usable[(current + step + usable.length) % usable.length]
  event.preventDefault()
  choose(next)
  element(`tab-${next}`).focus()
}

async function deleteOpen() {
  const { id } = state.open
  const index = state.items.findIndex((item) => item.id === id)
  const after = state.items[index + 1] ?? state.items[index - 1]
  if ((await ask(`/api/v1/messages/${encodeURIComponent(id)}`, 'DELETE')) === undefined) return
  announce('Mail deleted')
  forget(id)
  location.hash = after === undefined ? '#/' : addressOf(after.id)
}

async function deleteAll() {
  if (!confirm(`Delete all ${state.kept} mails?`)) return
  if ((await ask('/api/v1/messages', 'DELETE')) !== undefined) announce('All mail deleted')
}

/** Takes a mail out of the list. What the server says of it later finds nothing left to do. @param {string} id */
function forget(id) {
  const before = state.items.length
  state.items = state.items.filter((item) => item.id !== id)
  if (state.items.length === before) return
  state.total -= 1
  state.kept -= 1
  drawList()
}

/** Follows what happens on the server. An EventSource connects anew by itself; the list is asked for on each connection, since events may have been missed. */
function follow() {
  const events = new EventSource('/page/events')
  events.addEventListener('open', () => {
    element('connection').textContent = 'live'
    void list()
  })
  events.addEventListener('error', () => (element('connection').textContent = 'reconnecting ...'))
  events.addEventListener('received', (event) => {
    const item = JSON.parse(event.data)
    announce(`New mail: ${item.subject || 'no subject'}`)
    // Whether it is part of what was searched for, only the server knows.
    if (element('query').value !== '') return void list()
    if (state.items.some(({ id }) => id === item.id)) return
    state.items = [item, ...state.items]
    state.total += 1
    state.kept += 1
    drawList()
  })
  events.addEventListener('deleted', (event) => {
    const { id } = JSON.parse(event.data)
    if (state.items.some((item) => item.id === id)) forget(id)
    else void list()
    // The address, not what is shown: after a deletion here it already names the next mail.
    if (location.hash === addressOf(id)) location.hash = '#/'
  })
  events.addEventListener('cleared', () => {
    Object.assign(state, { items: [], total: 0, kept: 0 })
    drawList()
    location.hash = '#/'
  })
}

/** The server's answer as JSON (an empty one as `{}`); undefined, with the reason on the page, when it fails. @param {string} path @param {string} [method] */
async function ask(path, method = 'GET') {
  try {
    const response = await fetch(path, { method })
    const body = await response.text()
    const answer = body === '' ? {} : JSON.parse(body)
    showProblem(response.ok ? '' : answer.error.message)
    return response.ok ? answer : undefined
  } catch (error) {
    showProblem(`The mail catcher does not answer: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** @param {string} message */
function showProblem(message) {
  element('problem').hidden = message === ''
  element('problem').textContent = message
}

/** Says it to those who listen to the page instead of looking at it. @param {string} message */
function announce(message) {
  element('status').textContent = message
}

/** @param {string} id */
function addressOf(id) {
  return `#/mail/${encodeURIComponent(id)}`
}

/** @param {string} className @param {string} content */
function span(className, content) {
  const made = text('span', content)
  made.className = className
  return made
}

/** @param {string} name @param {string} content */
function text(name, content) {
  const made = document.createElement(name)
  made.textContent = content
  return made
}

/** @param {number} bytes */
function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
