// Stand-ins of what ServiceNow gives a script, over records that come as JSON on the standard input:
//   {kind: "rule", script, previous, current, world, user, roles}   before an insert (no previous) or an update
//   {kind: "job", script, world, now}                  a scheduled job
//   {kind: "form", script, orders}                     onSubmit of a catalog client script, for each order
// A method that is missing here stops the script: nothing is believed that was not looked up in ServiceNow's reference.
'use strict'
const vm = require('node:vm')

const task = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
const world = task.world || {}
const now = task.now || '2026-11-30 12:00:00'
const said = { errors: [], log: [], aborted: false }
let made = 0

const plain = (value) => (value === 'true' ? '1' : value === 'false' ? '0' : value === undefined ? null : value)
const millis = (text) => Date.parse(text.replace(' ', 'T') + 'Z')

class GlideRecord {
    constructor(table) {
        this.table = table
        this.rows = null
        this.conditions = []
        this.row = null
    }
    addQuery(name, value) {
        this.conditions.push([name, value])
    }
    query() {
        const all = world[this.table] || []
        this.rows = all.filter((row) => this.conditions.every(([name, value]) => row[name] === value))
    }
    next() {
        this.row = this.rows.shift() || null
        return this.row !== null
    }
    get(id) {
        this.row = (world[this.table] || []).find((row) => row.sys_id === id) || null
        return this.row !== null
    }
    initialize() {
        this.row = { active: 'true' }
    }
    getValue(name) {
        return plain(this.row[name]) || null
    }
    setValue(name, value) {
        this.row[name] = String(value)
    }
    getUniqueValue() {
        return this.row.sys_id
    }
    insert() {
        if (task.refused === this.table) return null
        this.row.sys_id = String(++made).padStart(32, '0')
        this.row.sys_updated_on = now
        ;(world[this.table] = world[this.table] || []).push(this.row)
        return this.row.sys_id
    }
    update() {
        this.row.sys_updated_on = now // as an instance does, whoever writes
        this.row.sys_mod_count = String(Number(this.row.sys_mod_count || 0) + 1)
        return this.row.sys_id
    }
}

// `record.field.field` walks over references, as far as the world knows them.
const walking = (record) =>
    new Proxy(record, {
        get(target, name) {
            if (name in target || typeof name === 'symbol') {
                const found = target[name]
                return typeof found === 'function' ? found.bind(target) : found
            }
            const user = (world.sys_user || []).find((row) => row.sys_id === target.row[name])
            return user || {}
        },
    })

class Current extends GlideRecord {
    constructor(row, before) {
        super('')
        this.row = row
        this.before = before
    }
    isNewRecord() {
        return !this.before
    }
    getElement(name) {
        return { changes: () => !this.before || (this.row[name] || '') !== (this.before[name] || '') }
    }
    setAbortAction(yes) {
        said.aborted = yes
    }
}

const sandbox = {
    GlideRecord: function (table) {
        return walking(new GlideRecord(table))
    },
    GlideDateTime: function (text) {
        return { getNumericValue: () => millis(text || now) }
    },
    gs: {
        addErrorMessage: (text) => said.errors.push(text),
        error: (text) => said.log.push(text),
        getUserID: () => task.user,
        hasRole: (name) => (task.roles || []).includes(name),
        getProperty: (name, otherwise) => {
            const found = (world.sys_properties || []).find((row) => row.name === name)
            return found ? found.value : otherwise
        },
    },
}

if (task.kind === 'rule') {
    sandbox.current = walking(new Current(task.current, task.previous))
    sandbox.previous = task.previous && new Current(task.previous, task.previous)
    vm.runInNewContext(task.script, sandbox)
} else if (task.kind === 'job') {
    vm.runInNewContext(task.script, sandbox)
} else {
    said.faults = task.orders.map((order) => {
        const shown = {}
        const g_form = {
            getValue: (name) => order[name] || '',
            showFieldMsg: (name, text) => (shown[name] = text),
            hideFieldMsg: (name) => delete shown[name],
        }
        const right = vm.runInNewContext(task.script + '\nonSubmit()', { g_form })
        if (right !== (Object.keys(shown).length === 0)) throw new Error('the form says one thing and does another')
        vm.runInNewContext(task.script + '\nonChange(null, "", g_form.getValue("source"), false)', { g_form })
        return shown
    })
}
process.stdout.write(JSON.stringify({ ...said, world, current: task.current }))
