using System.Globalization;
using System.Text;

namespace Mayfly.Packages;

/// <summary>A value of the lock file with the line it begins on.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Value">A string, a long, a bool, a list of nodes, or a table: a list of keys and nodes.</param>
internal sealed record LockNode(int Line, object Value);

/// <summary>A key of a table and its value, in the order of the file.</summary>
internal sealed record LockEntry(int Line, string Key, LockNode Value);

/// <summary>
/// Reads the part of TOML 1.0 that lock files are written in: basic strings, whole numbers, booleans, arrays, inline tables,
/// <c>[table]</c> and <c>[[array of tables]]</c>. An own reader because every error must name its line and warm runs
/// must not pay for a general one; a test reads what we write with a real TOML library.
/// </summary>
internal sealed class LockText(string text)
{
    /// <summary>Far more than Mayfly writes; without limits a hostile file could overflow the stack or take hours.</summary>
    private const int Deepest = 16, MostTables = 20_000, LongestKey = 1000;

    private int _position;
    private int _line = 1;
    private int _depth;

    /// <summary>The document: keys before the first table are in a table named by the empty string.</summary>
    public List<LockEntry> Read()
    {
        var current = new List<LockEntry>();
        var document = new List<LockEntry> { new(1, "", new LockNode(1, current)) };
        while (SkipToContent())
        {
            var at = _line;
            if (Peek() == '[')
            {
                _position++;
                var array = Take('[');
                var name = Key();
                Expect(']');
                if (array)
                    Expect(']');
                if (document.Count == MostTables)
                    throw Error("it has absurdly many tables", at);
                if (!array && document.Any(entry => entry.Key == name))
                    throw Error($"the table [{name}] stands here a second time", at);
                current = [];
                document.Add(new LockEntry(at, name, new LockNode(at, current)));
            }
            else
            {
                current.Add(Entry());
            }

            SkipBlanks();
            if (_position < text.Length && Peek() is not ('\n' or '#'))
                throw Error($"'{Peek()}' is not expected here");
        }

        return document;
    }

    internal static MayflyException Error(string message, int line) =>
        new LockFileException($"line {line}: {message}");

    private MayflyException Error(string message) => Error(message, _line);

    private LockEntry Entry()
    {
        var at = _line;
        var key = Key();
        while (Take('.'))
        {
            if (key.Length > LongestKey)
                throw Error("its key is absurdly long", at);
            key += "." + Key();
        }

        SkipBlanks();
        Expect('=');
        SkipBlanks();
        return new LockEntry(at, key, Value());
    }

    private string Key()
    {
        SkipBlanks();
        if (Peek() == '"')
            return String();
        var start = _position;
        while (_position < text.Length && (char.IsAsciiLetterOrDigit(text[_position]) || text[_position] is '-' or '_'))
            _position++;
        if (_position == start)
            throw Error("a key is expected here");
        return text[start.._position];
    }

    private LockNode Value()
    {
        var at = _line;
        switch (Peek())
        {
            case '"':
                return new LockNode(at, String());
            case '[' or '{' when _depth == Deepest:
                throw Error($"it is nested deeper than {Deepest} levels");
            case var opening and ('[' or '{'):
                _depth++;
                var inner = new LockNode(at, opening == '[' ? Array() : Table());
                _depth--;
                return inner;
            default:
                var start = _position;
                while (_position < text.Length && (char.IsAsciiLetterOrDigit(text[_position]) || text[_position] is '-' or '+'))
                    _position++;
                var word = text[start.._position];
                return word switch
                {
                    "true" => new LockNode(at, true),
                    "false" => new LockNode(at, false),
                    _ when long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => new LockNode(at, number),
                    _ => throw Error($"'{word}' is no value"),
                };
        }
    }

    private List<LockNode> Array()
    {
        var items = new List<LockNode>();
        _position++;
        while (SkipToContent())
        {
            if (Take(']'))
                return items;
            items.Add(Value());
            SkipToContent();
            if (!Take(','))
            {
                Expect(']');
                return items;
            }
        }

        throw Error("the array does not end");
    }

    private List<LockEntry> Table()
    {
        var entries = new List<LockEntry>();
        _position++;
        SkipBlanks();
        if (Take('}'))
            return entries;
        while (true)
        {
            entries.Add(Entry());
            SkipBlanks();
            if (Take('}'))
                return entries;
            Expect(',');
        }
    }

    private string String()
    {
        _position++;
        var value = new StringBuilder();
        while (true)
        {
            var c = Peek();
            if (c is '\n' or '\0')
                throw Error("the string does not end on its line");
            _position++;
            if (c == '"')
                return value.ToString();
            if (c != '\\')
            {
                value.Append(c);
                continue;
            }

            var escape = Peek();
            _position++;
            value.Append(escape switch
            {
                '"' or '\\' => escape,
                'n' => '\n',
                't' => '\t',
                'u' when _position + 4 <= text.Length && ushort.TryParse(text.AsSpan(_position, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                    => Skip(4, (char)code),
                _ => throw Error($"'\\{escape}' is no escape"),
            });
        }
    }

    private char Skip(int count, char result)
    {
        _position += count;
        return result;
    }

    private char Peek() => _position < text.Length ? text[_position] : '\0';

    private bool Take(char c)
    {
        SkipBlanks();
        if (Peek() != c)
            return false;
        _position++;
        return true;
    }

    private void Expect(char c)
    {
        if (!Take(c))
            throw Error(_position >= text.Length ? $"the file ends where '{c}' is expected" : $"'{c}' is expected, not '{Peek()}'");
    }

    private void SkipBlanks()
    {
        while (_position < text.Length && text[_position] is ' ' or '\t' or '\r')
            _position++;
    }

    /// <summary>Past blanks, comments and line ends; false at the end of the file.</summary>
    private bool SkipToContent()
    {
        while (_position < text.Length)
        {
            SkipBlanks();
            if (Peek() == '#')
            {
                while (_position < text.Length && text[_position] != '\n')
                    _position++;
            }

            if (_position >= text.Length || text[_position] != '\n')
                break;
            _position++;
            _line++;
        }

        return _position < text.Length;
    }
}
