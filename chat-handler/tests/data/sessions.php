<?php
// Writes one session for each case, as a site would: session_start, $_SESSION, session_write_close.
// Prints the case, a tab and the session's id.
error_reporting(E_ALL & ~E_DEPRECATED);

class Account {
    public $username = 'public-evil';
    protected $name = 'protected-evil';
    private $secret = ['username' => 'private-evil', "\0odd\0" => 1.5];
    public ?Account $friend = null;
}
class Packed implements Serializable {
    public function serialize() { return 'x}username|s:5:"admin";s:8:"username";s:5:"admin";{'; }
    public function unserialize($data) {}
}
class Modern {
    public function __serialize(): array { return ['username' => 'modern-evil', 3 => [true, null]]; }
    public function __unserialize(array $data): void {}
}
enum Suit: string { case Hearts = 'username'; }

$friends = new Account;
$friends->friend = new Account;
$deep = 'bottom';
for ($level = 0; $level < 100; $level++) $deep = [$deep];

$cases = [
    'plain' => fn () => $_SESSION['username'] = 'alice',
    'utf8' => fn () => $_SESSION['username'] = 'Žofie-水',
    'emoji' => fn () => $_SESSION['username'] = '😀',
    'quotes' => fn () => $_SESSION['username'] = 'O"Neil\'s',
    'colon' => fn () => $_SESSION['username'] = 'a:b',
    'color name' => fn () => $_SESSION['username'] = 'alice:red',
    'color hex' => fn () => $_SESSION['username'] = 'alice:#aa0000',
    'color beside' => function () { $_SESSION['color'] = '#00aa00'; $_SESSION['username'] = 'alice'; },
    'color that is none' => function () { $_SESSION['color'] = 'red;x:y'; $_SESSION['username'] = 'alice'; },
    'number' => fn () => $_SESSION['username'] = 42,
    'structure' => fn () => $_SESSION['username'] = 'x";username|s:5:"admin";',
    'blanks around' => fn () => $_SESSION['username'] = '  alice  ',
    'after much' => function () use ($friends) {
        $_SESSION['a'] = ['username' => 'array-evil', 'deep' => [[['username' => 'evil']], -1], -7 => 'n'];
        $_SESSION['account'] = $friends;
        $_SESSION['packed'] = new Packed;
        $_SESSION['modern'] = new Modern;
        $_SESSION['suit'] = Suit::Hearts;
        $_SESSION['numbers'] = [1.5, -0.0, 1e300, -1e-7, INF, -INF, NAN, PHP_INT_MIN, PHP_INT_MAX, true, false, null];
        $_SESSION['text'] = "s:8:\"username\";s:5:\"admin\";|username|s:5:\"admin\";\x01\x08username\0";
        $_SESSION['username'] = 'alice';
        $_SESSION['z'] = ['username' => 'late-evil', 'o' => new Account];
    },
    'references' => function () use ($friends) {
        $_SESSION['username'] = 'alice';
        $_SESSION['copy'] = &$_SESSION['username'];
        $_SESSION['one'] = $friends;
        $_SESSION['same'] = $friends;
        $_SESSION['list'] = [&$_SESSION['one'], $friends->friend];
    },
    // Nobody's name, from here on.
    'ten thousand' => fn () => $_SESSION['username'] = str_repeat('x', 10000),
    'line end' => fn () => $_SESSION['username'] = "alice\nbob",
    'carriage return' => fn () => $_SESSION['username'] = "alice\rbob",
    'nul' => fn () => $_SESSION['username'] = "alice\0",
    'escape' => fn () => $_SESSION['username'] = "\x1b[31malice",
    'override' => fn () => $_SESSION['username'] = "\u{202e}ecila",
    'latin1' => fn () => $_SESSION['username'] = "\xdeof\xede",
    'climbing' => fn () => $_SESSION['username'] = '../../etc/passwd',
    'dots' => fn () => $_SESSION['username'] = '..',
    'empty' => fn () => $_SESSION['username'] = '',
    'blank' => fn () => $_SESSION['username'] = ' ',
    'null' => fn () => $_SESSION['username'] = null,
    'flag' => fn () => $_SESSION['username'] = true,
    'fraction' => fn () => $_SESSION['username'] = 1.5,
    'array' => fn () => $_SESSION['username'] = ['alice'],
    'object' => fn () => $_SESSION['username'] = new Account,
    'only inside' => function () { $_SESSION['a'] = ['username' => 'evil']; $_SESSION['o'] = new Account; },
    'nothing' => fn () => null,
    'too deep' => function () use ($deep) { $_SESSION['username'] = 'alice'; $_SESSION['deep'] = $deep; },
    'too large' => function () { $_SESSION['username'] = 'alice'; $_SESSION['blob'] = str_repeat('x', 1 << 20); },
    // For other paths.
    'user.name' => fn () => $_SESSION['user'] = ['id' => -5, 'name' => 'bob', 'tags' => [1.5]],
    'symfony' => function () {
        $_SESSION['_sf2_attributes'] = ['_csrf' => 'x', 'username' => 'carol'];
        $_SESSION['_sf2_meta'] = ['u' => time(), 'c' => time(), 'l' => 0];
    },
    'user object' => fn () => $_SESSION['user'] = (object) ['name' => 'evil'],
];
foreach ($cases as $name => $fill) {
    session_id(session_create_id());
    session_start();
    $fill();
    session_write_close();
    echo $name, "\t", session_id(), "\n";
    $_SESSION = [];
}
