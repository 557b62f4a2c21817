"""Templates that jinja2 and the evaluator must agree on: the same text, or both refuse."""

from __future__ import annotations

from typing import Any

DATA: dict[str, Any] = {
    "n": 3,
    "zero": 0,
    "big": 2**60,
    "f": 1.5,
    "s": "some text",
    "e": "",
    "u": "grün ☃ 😀",
    "multi": "one\ntwo\n\nthree",
    "yes": True,
    "no": False,
    "l": [1, 2, 3],
    "el": [],
    "words": ["delta", "Alpha", "charlie", "bravo"],
    "pairs": [["a", 1], ["b", 2]],
    "d": {"a": 1, "b": {"c": "deep"}, "k-e": "y", "items": "mine"},
    "ed": {},
    "users": [
        {"name": "ann", "age": 30, "admin": True, "tags": ["x", "y"]},
        {"name": "bob", "age": 25, "admin": False, "tags": []},
        {"name": "cid", "age": 30, "admin": False, "tags": ["y"]},
    ],
    "tree": [
        {"name": "root", "children": [{"name": "left", "children": []}, {"name": "right", "children": [
            {"name": "leaf", "children": []}
        ]}]},
        {"name": "other", "children": []},
    ],
    "nothing": None,
}  # fmt: skip

FILES = {
    "plain.j2": "plain text\n",
    "uses.j2": "[{{ n }}{{ x|default('no x') }}]",
    "sets.j2": "{% set x = 'inner' %}{% set leaked = 1 %}{{ x }}",
    "loop.j2": "<{{ item }}>",
    "macros.j2": (
        "{% set exported = 'E' %}{% set _hidden = 1 %}ignored output"
        "{% macro hello(name, greeting='hello') %}{{ greeting }} {{ name }}{% endmacro %}"
        "{% macro outer_x() %}{{ x|default('none') }}{% endmacro %}"
        "{% macro sees() %}{{ n }}{{ exported }}{% endmacro %}"
        "{% macro wrap() %}<{{ caller() }}>{% endmacro %}"
    ),
    "nested/inner.j2": "inner {% include 'plain.j2' %}",
    "nested/deep.j2": "deep {% include 'nested/inner.j2' %}",
    "self.j2": "{% include 'self.j2' %}",
    "broken.j2": "{% if %}",
    "fails.j2": "{{ missing_name }}",
    "trailing.j2": "x\n\n",
}

EXPRESSIONS = """
1
0
-1
+1
--1
- 1
1_000
0x1F
0b101
0o17
1.5
1.0
1e3
1.5e-7
1e22
1E5
1_0.5
123456789012345678901234567890
'a'
"a"
'it''s'
'a' 'b' "c"
'\\n' ~ 'x'
'\\t|\\x41\\u00e9\\U0001F600'
'\\\\'
'\\''
"\\""
'\\101'
'\\q'
true
false
True
False
none
None
nil
null
[]
()
{}
[1, 2, 3]
[1, 2, 3,]
(1,)
(1, 2)
1, 2
{'a': 1}
{'a': 1,}
{1: 2}['1']
{1: 2}[1]
{'a': 1, 'a': 2}.a
{'a': {'b': 3}}.a.b
{(1, 2): 'x'}[(1, 2)]
{[1]: 2}
[1, 2][0]
[1, 2][-1]
[1, 2][2]
[1, 2].0
[[1, 2], [3]][0][1]
(1, 2)[1]
'abc'[0]
'abc'[-1]
'abc'[5]
'abc'[1:]
'abc'[:1]
'abc'[::-1]
'abc'[::2]
'abc'[1:2]
'abc'[:]
'abc'[0:3:2]
'abc'[::0]
'abc'['x']
'abc'[none]
[1, 2, 3][1:] == [2, 3]
[1, 2, 3][::-1][0]
l[0]
l[0:2]|length
l[n - 1]
l['0']
s[0]
s[:4]
d.a
d['a']
d.b.c
d['b']['c']
d.b['c']
d['k-e']
d['items']
d.items()|length
d.get('a')
d.get('zz', 5)
d.get('zz') is none
d.keys()|length
d.values()|length
d.zz
d['zz']
d.zz.yy
d.zz is defined
d.zz is not defined
d.b.zz is defined
zz
zz is defined
zz is undefined
zz.a
zz.a is defined
zz.a.b is defined
zz()
zz[0]
zz + 1
1 + zz
zz ~ 'x'
not zz
zz and 1
zz or 1
1 or zz
0 and zz
zz == zz
zz == 1
zz in [1]
zz if true else 1
1 if zz else 2
1 if true else zz
1 if false
(1 if false) is defined
1 if true
'x' if no else 'y' if yes else 'z'
1 + 2
1 - 2
2 * 3
7 / 2
6 / 2
7 // 2
-7 // 2
7 % 3
-7 % 3
7.5 % 2
2 ** 10
2 ** -1
2 ** 0.5
(-8) ** 0.5
2 ** 3 ** 2
-2 ** 2
(2 + 3) * 4
2 + 3 * 4
10 - 3 - 2
100 / 10 / 2
1 / 0
1 // 0
1 % 0
1.0 / 0
0 ** -1
1 + 1.5
true + true
true + 1
1 + 'a'
'a' + 1
'a' + 'b'
'a' - 'b'
'a' * 3
3 * 'a'
'a' * -1
'a' * 0
'a' * 1.5
[1] * 3 == [1, 1, 1]
[1] + [2] == [1, 2]
(1,) + (2,) == (1, 2)
[1] + (2,)
{} + {}
none + 1
-'a'
-[1]
-true
+true
- none
1 ~ 2
'a' ~ 1 ~ 'b'
1.5 ~ ''
'a' ~ ('b' ~ 'c')
1 + 1 ~ 2 * 2
1 == 1
1 == 1.0
1 == true
1 == '1'
1 != 2
'a' == 'a'
'a' < 'b'
'B' < 'a'
1 < 2
1 <= 1
2 > 1
2 >= 3
1 < 2 < 3
1 < 3 < 2
1 < 2 > 1
3 > 2 > 1 == 1
1 < 'a'
none < 1
none == none
none == false
[1, 2] == [1, 2]
[1, 2] < [1, 3]
[1] == (1,)
{'a': 1} == {'a': 1}
{'a': 1} < {'a': 2}
1 in [1, 2]
3 in [1, 2]
3 not in [1, 2]
not 3 in [1, 2]
'a' in 'abc'
'' in 'abc'
'z' not in 'abc'
1 in 'abc'
'a' in {'a': 1}
1 in {'a': 1}
1 in 5
1 in none
[1] in [[1], [2]]
'a' in ('a', 'b')
2 in range(3)
1 in l
n in l
'some' in s
'a' in d
1 < 2 in [true]
true and false
true and 1
0 and 1
'' or 'x'
none or 'x'
1 and 'yes' or 'no'
0 and 'yes' or 'no'
not true
not 0
not ''
not []
not not 1
not none
not 1 == 2
no or not no and yes
(not no) and n > 2
yes if n == 3 else no
'pos' if n > 0 else 'neg' if n < 0 else 'zero'
(1 if yes else 2) + 1
s.upper()
s.lower()
s.title()
s.capitalize()
'  x '.strip()
'xxaxx'.strip('x')
'  x '.lstrip()
'  x '.rstrip() ~ '|'
'a,b,c'.split(',')|length
'a,b,c'.split(',', 1)[1]
'a b  c'.split()|length
'a,b,c'.rsplit(',', 1)[0]
'a\\nb'.splitlines()|length
'abc'.startswith('a')
'abc'.endswith('bc')
'abc'.startswith(('x', 'a'))
'aXbX'.replace('X', '-')
'aXbX'.replace('X', '-', 1)
'aXbX'.replace('', '-')
'abc'.find('c')
'abc'.find('z')
'abc'.index('b')
'abc'.index('z')
'abab'.count('ab')
','.join(['a', 'b'])
','.join([1, 2])
','.join('abc')
'12'.isdigit()
'ab'.isalpha()
'a1'.isalnum()
' '.isspace()
'A'.isupper()
'a'.islower()
'7'.zfill(3)
'-7'.zfill(4)
'a'.ljust(3) ~ '|'
'a'.rjust(3)
'a'.rjust(3, '.')
'a'.center(5, '*')
'aBc'.swapcase()
'a-b'.partition('-')[2]
'prefix-x'.removeprefix('prefix-')
'x.yaml'.removesuffix('.yaml')
'abc'.upper().lower()
'abc'.upper(1)
'abc'.nope()
s.upper
s.nope
n.real
n.bit_length()
l.index(2)
l.index(9)
l.count(1)
(1, 2, 1).count(1)
l.append(4)
l.pop()
d.update({'z': 1})
d.pop('a')
''.__class__
[].__class__
d.__class__
d['__class__']
(1).__class__
range(3)|length
range(3)[1]
range(3)[-1]
range(1, 3)[0]
range(0, 10, 5)|length
range(3)|list == [0, 1, 2]
range()
range('a')
range(1, 2, 0)
dict(a=1).a
dict(a=1, b=2)|length
dict({'a': 1}).a
dict([['a', 1]]).a
dict([1])
dict(1)
dict()|length
namespace(a=1).a
namespace(a=1).b
namespace({'a': 2}).a
1()
'a'()
none()
n()
d.a()
[1](0)
undefined_function(1)
range(*[1, 3])|length
range(*l)|length
dict(**{'a': 5}).a
dict(**d.b).c
range(*5)
dict(**5)
dict(a=1, **{'a': 2})
n is defined
n is number
n is string
s is string
l is sequence
l is iterable
d is mapping
nothing is none
yes is true
no is false
yes is boolean
n is integer
f is float
n is odd
n is even
n is divisibleby 3
n is divisibleby(2)
n is eq 3
n is ne 3
n is gt 2
n is lt 2
n is ge 3
n is le 3
n is in [3]
n is in(l)
n is not even
s is lower
s is upper
n is sameas n
n is nosuchtest
not n is odd
n is odd and yes
n is defined == true
s|upper
s|lower
s|upper|lower
s|title
s|capitalize
s|length
s|replace('text', 'word')
s|trim
l|first
l|last
l|length
l|sum
l|join(',')
l|join
l|max
l|min
el|first
words|sort|join(' ')
words|sort(reverse=true)|join(' ')
words|sort(case_sensitive=true)|join(' ')
words|map('upper')|join(' ')
words|map('length')|list|join(' ')
users|map(attribute='name')|join(',')
users|map(attribute='tags.0')|list|length
users|map(attribute='zz', default='-')|join
users|selectattr('admin')|map(attribute='name')|join
users|rejectattr('admin')|map(attribute='name')|join(',')
users|selectattr('age', 'gt', 26)|map(attribute='name')|join(',')
users|sum(attribute='age')
users|sort(attribute='age')|map(attribute='name')|join(',')
users|groupby('age')|length
l|select('odd')|join(',')
l|reject('odd')|join(',')
l|select('gt', 1)|join(',')
l|batch(2)|list|length
l|slice(2)|list|length
l|reverse|join
s|reverse
words|unique|join
zz|default('x')
zz|d('x')
e|default('x')
e|default('x', true)
nothing|default('x', true)
zz.a|default('x')
n|abs
(-n)|abs
f|round
f|round(1)
f|int
'12'|int
'x'|int
'x'|int(5)
'1.5'|float
n|float
n|string
'%s-%s'|format('a', 1)
'%s' % 'a'
'%d-%s' % (1, 'b')
'%(x)s'|format(x=1)
s|wordcount
s|truncate(5)
s|truncate(6, true)
s|center(20)
multi|indent
multi|indent(2)
multi|indent(2, true)
d.b|items|length
d.b|dictsort|length
s|list|length
u|length
u|upper
s|nosuchfilter
s|upper(1)
s|replace
1|upper
(s|upper)[0]
s|upper ~ s|lower
s ~ s|upper
n + f|int
-n|abs
(n, f)|first
[s, s]|map('replace', 'text', 'x')|join
loop
loop.index
self
caller()
varargs
1 2
1 +
+
(
)
[1
{1}
{'a' 1}
a b
s.
s.1.2
s[
s||upper
s|
|upper
1 if
if 1
not
is odd
n is
n is is odd
n is odd is even
for
'abc
1..2
1.a
1abc
a.b.
@
$
!x
1 & 2
1 << 2
x = 1
n = 1
lambda: 1
[x for x in l]
*l
**d
""".strip("\n").split("\n")

TEMPLATES = [
    "",
    "text",
    "text\n",
    "text\n\n",
    "  lead",
    "{{ n }}\n",
    "{{n}}",
    "{{ n }}{{ f }}",
    "{ {n} }",
    "{{ '}}' }}",
    "{{ {'a': {'b': 1}}.a.b }}",
    "{{ {'a': 1}['a'] }}}",
    "{{{ 1 }}}",
    "{{ '{{' }}",
    "a {# comment #} b",
    "a {#- comment -#} b",
    "a {# {{ n }} {% if %} #} b",
    "a {# unclosed",
    "{##}",
    "{#-#}x",
    "a\n  {#- x #}\n b",
    "a #} b",
    "a }} b",
    "a %} b",
    "{{ n",
    "{{ n }",
    "{% if n",
    "{{ }}",
    "{% %}",
    "{{- n -}}",
    "a  {{- n -}}  b",
    "a \n {{- n }} \n b",
    "a \n {{ n -}} \n b",
    "a \n {%- if n %} \n b \n {%- endif -%} \n c",
    "a {%+ if n %} b {%+ endif %} c",
    "a {{+ n }} b",
    "{{ n +}}",
    "{{ - n }}",
    "{{-n}}",
    "{{ -n -}} x",
    "{{ n\n}}",
    "{{\n  n\n  +\n  1\n}}",
    "{% if\nn\n%}x{% endif %}",
    "{% raw %}{{ n }}{% endraw %}",
    "{% raw %}{% if %}{# x #}{% endraw %}!",
    "a {%- raw -%}  {{ x }}  {%- endraw -%} b",
    "a {% raw -%}  x  {%- endraw %} b",
    "{% raw %}unclosed",
    "{%raw%}x{%endraw%}",
    "{% raw %}{% raw %}{% endraw %}",
    "{% endraw %}",
    "{% raw %}\n{% endraw %}\n",
    "{% if yes %}a{% endif %}",
    "{% if no %}a{% endif %}",
    "{% if no %}a{% else %}b{% endif %}",
    "{% if no %}a{% elif yes %}b{% else %}c{% endif %}",
    "{% if no %}a{% elif no %}b{% else %}c{% endif %}",
    "{% if no %}a{% elif no %}b{% elif n == 3 %}c{% endif %}",
    "{% if n %}{% if no %}x{% else %}y{% endif %}{% endif %}",
    "{% if yes: %}a{% endif %}",
    "{% if zz %}a{% endif %}",
    "{% if zz is defined and zz %}a{% else %}b{% endif %}",
    "{% if l %}a{% endif %}{% if el %}b{% endif %}",
    "{% if 1, 2 %}a{% endif %}",
    "{% if %}a{% endif %}",
    "{% if yes %}",
    "{% endif %}",
    "{% if yes %}{% endfor %}",
    "{% if yes %}{% else %}{% else %}{% endif %}",
    "{% if yes %}{% else %}{% elif no %}{% endif %}",
    "{% elif yes %}",
    "{% if yes %}{% set x = 1 %}{% endif %}{{ x }}",
    "{% if no %}{% set x = 1 %}{% endif %}{{ x }}",
    "{% if no %}{% set n = 1 %}{% endif %}{{ n }}",
    "{% if no %}{% set n = 1 %}{% else %}{% set n = 2 %}{% endif %}{{ n }}",
    "{% for i in l %}{{ i }}{% endfor %}",
    "{% for i in el %}{{ i }}{% else %}none{% endfor %}",
    "{% for i in l %}{{ i }}{% else %}none{% endfor %}",
    "{% for i in s %}{{ i }}.{% endfor %}",
    "{% for k in d %}{{ k }},{% endfor %}",
    "{% for k, v in d.b.items() %}{{ k }}={{ v }},{% endfor %}",
    "{% for k, v in d.b|items %}{{ k }}={{ v }},{% endfor %}",
    "{% for k in d.keys() %}{{ k }},{% endfor %}",
    "{% for v in d.b.values() %}{{ v }},{% endfor %}",
    "{% for a, b in pairs %}{{ a }}{{ b }}{% endfor %}",
    "{% for (a, b) in pairs %}{{ a }}{{ b }}{% endfor %}",
    "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for a, b in l %}{{ a }}{% endfor %}",
    "{% for a, b in [[1, 2, 3]] %}{{ a }}{% endfor %}",
    "{% for a, b in ['xy'] %}{{ a }}{{ b }}{% endfor %}",
    "{% for i in 5 %}{% endfor %}",
    "{% for i in none %}{% endfor %}",
    "{% for i in zz %}{% endfor %}",
    "{% for i in range(3) %}{{ i }}{% endfor %}",
    "{% for i in range(3, 0, -1) %}{{ i }}{% endfor %}",
    "{% for i in 1, 2 %}{{ i }}{% endfor %}",
    "{% for i in [1, 2] + [3] %}{{ i }}{% endfor %}",
    "{% for i in l if i != 2 %}{{ i }}{% endfor %}",
    "{% for i in l if i > 5 %}{{ i }}{% else %}no{% endfor %}",
    "{% for i in l if i is odd %}{{ loop.index }}{{ loop.length }}{{ loop.last }}{% endfor %}",
    "{% for a, b in pairs if b > 1 %}{{ a }}{% endfor %}",
    "{% for i in l if zz %}{{ i }}{% endfor %}",
    "{% for u in users if u.admin %}{{ u.name }}{% endfor %}",
    "{% for i in (l if yes else el) %}{{ i }}{% endfor %}",
    "{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}|{% endfor %}",
    "{% for i in l %}{{ loop.first }}{{ loop.last }}{{ loop.length }}|{% endfor %}",
    "{% for i in l %}{{ loop.depth }}{{ loop.depth0 }}|{% endfor %}",
    "{% for i in l %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for i in l %}{{ loop.cycle() }}{% endfor %}",
    "{% for i in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}|{% endfor %}",
    "{% for i in l %}{{ loop.previtem|default('-') }}{{ loop.nextitem|default('-') }}|{% endfor %}",
    "{% for i in l %}{{ loop.previtem }}{% endfor %}",
    "{% for i in [1, 1, 2, 2, 1] %}{{ loop.changed(i) }}|{% endfor %}",
    "{% for i in [1, 1, 2] %}{% if loop.changed(i, 1) %}{{ i }}{% endif %}{% endfor %}",
    "{% for i in l %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for i in l %}{{ ', ' if not loop.first }}{{ i }}{% endfor %}",
    "{% for i in l %}{{ ', ' if not loop.first else '' }}{{ i }}{% endfor %}",
    "{% for i in l %}{{ loop.nope }}{% endfor %}",
    "{% for i in l %}{{ loop.__class__ }}{% endfor %}",
    "{% for i in l %}{{ loop|length }}{% endfor %}",
    "{% for i in l %}{% for j in words %}{{ loop.index }}{% endfor %}{{ loop.index }}|{% endfor %}",
    "{% for i in l %}{% set outer = loop %}{% for j in el or [1] %}{{ outer.index }}.{{ loop.index }} {% endfor %}{% endfor %}",
    "{% for i in l %}{% endfor %}{{ i }}",
    "{% for n in l %}{{ n }}{% endfor %}{{ n }}",
    "{% for i in l %}{% set x = i %}{% endfor %}{{ x }}",
    "{% set x = 0 %}{% for i in l %}{{ x }}{% set x = i %}{{ x }}|{% endfor %}{{ x }}",
    "{% set x = 0 %}{% for i in l %}{% set x = x + i %}{% endfor %}{{ x }}",
    "{% for i in l %}{% if loop.first %}{% set x = 1 %}{% endif %}{{ x }}{% endfor %}",
    "{% for i in l %}{% if loop.first %}{% set x = 1 %}{% endif %}{{ x|default('-') }}{% endfor %}",
    "{% for i in i %}{% endfor %}",
    "{% set i = [1, 2] %}{% for i in i %}{{ i }}{% endfor %}",
    "{% for loop in l %}{{ loop }}{% endfor %}",
    "{% for i in l %}{% set loop = 1 %}{% endfor %}",
    "{% for i in l %}{{ i }}",
    "{% for i l %}{% endfor %}",
    "{% for in l %}{% endfor %}",
    "{% for i in %}{% endfor %}",
    "{% for 1 in l %}{% endfor %}",
    "{% for i.x in l %}{% endfor %}",
    "{% for i in l %}a{% else %}b{% else %}c{% endfor %}",
    "{% for i in l %}{% break %}{% endfor %}",
    "{% for i in l %}{% continue %}{% endfor %}",
    "{% for t in tree recursive %}{{ t.name }}{% if t.children %}({{ loop(t.children) }}){% endif %},{% endfor %}",
    "{% for t in tree recursive %}{{ loop.depth }}{{ t.name }}{{ loop(t.children) }};{% endfor %}",
    "{% for t in tree recursive %}{{ t.name }}{{ loop(t.children) }}{% else %}leaf {% endfor %}",
    "{% for t in tree recursive %}{{ loop.index }}/{{ loop.length }}{{ loop(t.children)|upper }}{% endfor %}",
    "{% for t in tree if t.name != 'left' recursive %}{{ t.name }}{{ loop(t.children) }}{% endfor %}",
    "{% for t in tree %}{{ loop(t.children) }}{% endfor %}",
    "{% for t in tree recursive %}{{ loop() }}{% endfor %}",
    "{% for i in l %}{{ i }}\n{% endfor %}",
    "{%- for i in l %}\n- {{ i }}\n{%- endfor %}\n",
    "{% set x = 1 %}{{ x }}",
    "{% set x = 1 %}{% set x = x + 1 %}{{ x }}",
    "{% set x, y = 1, 2 %}{{ y }}{{ x }}",
    "{% set x, y = y, x %}",
    "{% set n, f = f, n %}{{ n }}{{ f }}",
    "{% set x, y = [1, 2] %}{{ x }}{{ y }}",
    "{% set x, y = 1 %}",
    "{% set x, y = [1] %}",
    "{% set (x, y) = (1, 2) %}{{ x }}",
    "{% set x = 1, 2 %}{{ x|length }}",
    "{% set x %}body {{ n }}{% endset %}{{ x }}|{{ x|upper }}|{{ x|length }}",
    "{% set x|upper %}body{% endset %}{{ x }}",
    "{% set x|replace('b', 'c')|upper %}body{% endset %}{{ x }}",
    "{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}{{ y }}",
    "{% set x %}{% endset %}[{{ x }}]",
    "{% set x %}a{% endset %}{{ x + 'b' }}{{ x == 'a' }}{{ x ~ x }}",
    "{% set x %}{% for i in l %}{{ i }}{% endfor %}{% endset %}{{ x }}{{ x[0] }}",
    "{% set x = zz %}",
    "{% set x = zz %}{{ x is defined }}",
    "{% set x = zz %}{{ x }}",
    "{% set true = 1 %}",
    "{% set 1 = 1 %}",
    "{% set x.y = 1 %}",
    "{% set d.a = 1 %}",
    "{% set x %}",
    "{% set x = %}",
    "{% set = 1 %}",
    "{% set ns = namespace() %}{% set ns.x = 1 %}{{ ns.x }}",
    "{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=0, y=1) %}{% set ns.x, ns.y = ns.y, ns.x %}{{ ns.x }}{{ ns.y }}",
    "{% set ns = namespace(x=[]) %}{% for i in l %}{% set ns.x = ns.x + [i] %}{% endfor %}{{ ns.x|join(',') }}",
    "{% set ns = namespace() %}{{ ns.zz }}",
    "{% set ns = namespace() %}{{ ns.zz is defined }}",
    "{% set ns = namespace() %}{% set ns.x %}b{{ n }}{% endset %}{{ ns.x }}",
    "{% set ns = namespace(found=false) %}{% for i in l %}{% if i == 2 %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.found }}",
    "{% macro m() %}x{% endmacro %}{{ m() }}{{ m() }}",
    "{% macro m(a) %}[{{ a }}]{% endmacro %}{{ m(1) }}{{ m(a=2) }}",
    "{% macro m(a) %}[{{ a }}]{% endmacro %}{{ m() }}",
    "{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}",
    "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, b=4) }}{{ m(b=5, a=6) }}",
    "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}",
    "{% macro m(a=n) %}{{ a }}{% endmacro %}{{ m() }}{% set n = 9 %}{{ m() }}",
    "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{% endmacro %}{{ m(zz=2) }}",
    "{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}",
    "{% macro m(a, a) %}{{ a }}{% endmacro %}",
    "{% macro m(a=1, b) %}{% endmacro %}",
    "{% macro m() %}{{ varargs|join(',') }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{{ a }}{{ varargs|length }}{% endmacro %}{{ m(1, 2, 3) }}",
    "{% macro m() %}{{ kwargs.x }}{{ kwargs|length }}{% endmacro %}{{ m(x=1, y=2) }}",
    "{% macro m() %}{{ m.name }}{{ m.arguments|length }}{% endmacro %}{{ m() }}",
    "{% macro m(a, b=1) %}{% endmacro %}{{ m.name }}{{ m.arguments|join(',') }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{{ m.caller }}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}body{% endcall %}",
    "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}",
    "{% macro m() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b) m() %}{{ a }}{{ b }}{% endcall %}",
    "{% macro m() %}{{ caller(1) }}{% endmacro %}{% call(a, b=5) m() %}{{ a }}{{ b }}{% endcall %}",
    "{% macro m() %}{{ caller(1) }}{% endmacro %}{% call m() %}x{% endcall %}",
    "{% macro m(x) %}<{{ x }}{{ caller() }}>{% endmacro %}{% call m(n) %}{% call m(1) %}in{% endcall %}{% endcall %}",
    "{% macro m() %}x{% endmacro %}{% call m() %}body{% endcall %}",
    "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}{% set k = 1 %}{% call m() %}{{ k }}{% endcall %}",
    "{% macro m() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ m() }}",
    "{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ m() }}",
    "{% macro m() %}{% set x = 1 %}{% endmacro %}{{ m() }}{{ x }}",
    "{% macro m() %}{% set n = 1 %}{{ n }}{% endmacro %}{{ m() }}{{ n }}",
    "{% for i in l %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% for i in l %}{% macro m() %}{% endmacro %}{% endfor %}{{ m() }}",
    "{% macro a() %}a{{ b() }}{% endmacro %}{% macro b() %}b{% endmacro %}{{ a() }}",
    "{% macro a() %}{% macro b() %}b{% endmacro %}{{ b() }}{% endmacro %}{{ a() }}",
    "{% macro f(k) %}{{ k }}{% if k > 0 %}{{ f(k - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(m(m(1))) }}",
    "{% macro m() %}x{% endmacro %}{{ m()|upper }}{{ m() ~ 'y' }}{{ m()|length }}{{ m() == 'x' }}",
    "{% macro m() %}{% endmacro %}{% if m() %}a{% else %}b{% endif %}",
    "{% macro m(u) %}{{ u.name }}{% endmacro %}{% for u in users %}{{ m(u) }}{% endfor %}",
    "{% macro m() %}{{ loop.index }}{% endmacro %}{% for i in l %}{{ m() }}{% endfor %}",
    "{% macro m(caller) %}{{ caller() }}{% endmacro %}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{% set f = m %}{{ f(4) }}",
    "{% macro m(*a) %}{% endmacro %}",
    "{% macro m %}{% endmacro %}",
    "{% macro %}{% endmacro %}",
    "{% macro m() %}",
    "{% macro m() %}{% endmacro m %}",
    "{% call m() %}{% endcall %}",
    "{% call m %}{% endcall %}",
    "{% call 1 %}{% endcall %}",
    "{% filter upper %}text {{ n }} {{ s }}{% endfilter %}",
    "{% filter replace('a', 'b') %}banana{% endfilter %}",
    "{% filter upper|replace('A', 'b') %}banana{% endfilter %}",
    "{% filter upper %}{% set x = 1 %}{{ x }}{% endfilter %}{{ x }}",
    "{% filter indent(2) %}a\nb{% endfilter %}",
    "{% filter length %}abc{% endfilter %}",
    "{% filter nosuch %}abc{% endfilter %}",
    "{% filter %}abc{% endfilter %}",
    "{% filter upper %}abc",
    "{% filter upper %}{% filter lower %}AbC{% endfilter %}x{% endfilter %}",
    "{% with %}{% set x = 1 %}{{ x }}{% endwith %}{{ x }}",
    "{% with x = 1 %}{{ x }}{% endwith %}",
    "{% with x = 1, y = 2 %}{{ x }}{{ y }}{% endwith %}",
    "{% with n = 1, y = n %}{{ n }}{{ y }}{% endwith %}{{ n }}",
    "{% with x = 1 %}{% with x = 2 %}{{ x }}{% endwith %}{{ x }}{% endwith %}{{ x }}",
    "{% with a, b = 1, 2 %}{% endwith %}",
    "{% with (a, b) = (1, 2) %}{{ a }}{{ b }}{% endwith %}",
    "{% with x = zz %}{{ x is defined }}{% endwith %}",
    "{% with x %}{% endwith %}",
    "{% with x = 1 %}",
    "{% print n %}",
    "{% print n, f %}",
    "{% print %}",
    "{% include 'plain.j2' %}",
    "[{% include 'trailing.j2' %}]",
    "{% include 'uses.j2' %}",
    "{% set x = 1 %}{% include 'uses.j2' %}",
    "{% set x = 1 %}{% include 'uses.j2' without context %}",
    "{% set x = 1 %}{% include 'uses.j2' with context %}",
    "{% with x = 2 %}{% include 'uses.j2' %}{% endwith %}",
    "{% macro m(x) %}{% include 'uses.j2' %}{% endmacro %}{{ m(7) }}",
    "{% include 'sets.j2' %}{{ x|default('clean') }}{{ leaked is defined }}",
    "{% set x = 1 %}{% include 'sets.j2' %}{{ x }}",
    "{% for item in l %}{% include 'loop.j2' %}{% endfor %}",
    "{% include 'nested/deep.j2' %}",
    "{% include 'nope.j2' %}",
    "{% include 'nope.j2' ignore missing %}x",
    "{% include 'nope.j2' ignore missing with context %}x",
    "{% include 'broken.j2' ignore missing %}x",
    "{% include ['nope.j2', 'plain.j2'] %}",
    "{% include ('nope.j2', 'plain.j2') %}",
    "{% include ['nope.j2', 'nope2.j2'] %}",
    "{% include ['nope.j2', 'nope2.j2'] ignore missing %}x",
    "{% include [] %}",
    "{% include 'pl' ~ 'ain.j2' %}",
    "{% set t = 'plain.j2' %}{% include t %}",
    "{% include zz %}",
    "{% include 1 %}",
    "{% include none %}",
    "{% include 'self.j2' %}",
    "{% include 'broken.j2' %}",
    "{% include 'fails.j2' %}",
    "{% include %}",
    "{% set x %}{% include 'plain.j2' %}{% endset %}{{ x|upper }}",
    "{% filter upper %}{% include 'plain.j2' %}{% endfilter %}",
    "{% import 'macros.j2' as m %}{{ m.hello('x') }}{{ m.exported }}",
    "{% import 'macros.j2' as m %}{{ m.hello(name='x', greeting='bye') }}",
    "{% import 'macros.j2' as m %}{{ m.sees() }}",
    "{% import 'macros.j2' as m %}{{ m._hidden }}",
    "{% import 'macros.j2' as m %}{{ m._hidden is defined }}",
    "{% import 'macros.j2' as m %}{{ m.zz }}",
    "{% import 'macros.j2' as m %}{{ m.zz() }}",
    "{% set x = 5 %}{% import 'macros.j2' as m %}{{ m.outer_x() }}",
    "{% set x = 5 %}{% import 'macros.j2' as m with context %}{{ m.outer_x() }}",
    "{% set x = 5 %}{% import 'macros.j2' as m without context %}{{ m.outer_x() }}",
    "{% import 'macros.j2' as m %}{% call m.wrap() %}{{ n }}{% endcall %}",
    "{% from 'macros.j2' import hello %}{{ hello('y') }}",
    "{% from 'macros.j2' import hello, exported %}{{ hello('y') }}{{ exported }}",
    "{% from 'macros.j2' import hello as hi, wrap %}{{ hi('y') }}{% call wrap() %}z{% endcall %}",
    "{% from 'macros.j2' import hello with context %}{{ hello('y') }}",
    "{% set x = 6 %}{% from 'macros.j2' import outer_x with context %}{{ outer_x() }}",
    "{% from 'macros.j2' import _hidden %}",
    "{% from 'macros.j2' import zz %}{{ zz() }}",
    "{% from 'macros.j2' import %}",
    "{% from 'nope.j2' import hello %}",
    "{% import 'nope.j2' as m %}",
    "{% import 'macros.j2' %}",
    "{% for i in l %}{% from 'macros.j2' import hello as greet %}{{ greet(i) }}{% endfor %}{{ greet is defined }}",
    "{% macro x() %}{% import 'macros.j2' as m %}{{ m.hello('q') }}{% endmacro %}{{ x() }}",
    "{% nosuch %}",
    "{% endfor %}",
    "{% 1 %}",
    "{% if yes %}{% endif x %}",
    "{% IF yes %}{% ENDIF %}",
    "{{ caller }}",
    "{{ cycler }}",
    "{{ none }}",
    "{{ l }}",
    "{{ d }}",
    "{{ (1, 2) }}",
    "{{ range }}",
    "{{ range(3) }}",
    "{{ nothing }}",
    "{{ yes }} {{ no }}",
    "{{ 1.0 }} {{ 1e100 }} {{ 0.1 + 0.2 }}",
    "{{ 1e400 }}",
    "{{ u }}",
    "grün {{ u }} ☃",
    "{{ 'ü' }}",
    "{{ grün }}",
    "{% set grün = 1 %}{{ grün }}",
    "{{ '\\ud800' }}",
    "\ufeff{{ n }}",
    "{{ n }}\r\n{{ f }}\r",
    "{{ '\r\n' }}",
    "a\u2028b\x85c\x0bd",
    "{% if yes %}\u00a0{%- endif %}",
    "{{ n }}\u3000{{- f }}",
    "{{\u00a0n\u3000}}",
    "{{ n }}{% if n > 2 %}\n  replicas: {{ n }}\n{%- endif %}\nend\n",
    "{% for u in users -%}\n{{ u.name }}: {{ u.age }}\n{% endfor %}",
    "{% for u in users %}{% for t in u.tags %}{{ u.name }}{{ t }}{% else %}-{% endfor %}{% endfor %}",
    "{% set total = namespace(v=0) %}{% for u in users %}{% set total.v = total.v + u.age %}{% endfor %}{{ total.v }}",
    "{% macro env(name, value) %}- name: {{ name }}\n  value: \"{{ value }}\"\n{% endmacro %}{{ env('A', 1) }}{{ env('B', s) }}",
    "{% if n is defined and n > 1 and (s == 'some text' or no) %}ok{% endif %}",
    "{{ 'a' if n in (1, 2, 3) else 'b' }}{{ n if n else zz }}",
    "{{ (users|first).name }}{{ users[0]['name'] }}{{ users.0.name }}",
    "{{ {'a': n}.a }}{{ [n, f][1] }}{{ (n, f).0 }}",
    "{{ l|map('string')|join('-')|upper|replace('-', '+') }}",
    "{{ 'x' ~ (n if yes) ~ 'y' }}",
    "{{ not (1 == 2) }}{{ (not 1) == 2 }}",
    "{{ 1 if 2 if 3 else 4 else 5 }}",
    "{{ n * (f + 1) // 2 ** 2 % 7 - -1 }}",
    "{{ 5 * 'ab'[0] }}{{ 'ab' * 2 ~ 1 }}",
    "{{ s.split()[0].upper() }}{{ s.replace('text', u).title() }}",
    "{% set f2 = s.upper %}{{ f2() }}",
    "{% set q = 'x' %}{% set q = q ~ q %}{% set q = q ~ q %}{{ q }}",
]
