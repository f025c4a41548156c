namespace Mayfly.Packages.Tests.Python;

/// <summary>Versions, specifiers, markers and dependencies in all spellings, and slightly wrong ones; all of it follows from the seed.</summary>
internal sealed class Spellings(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Few numbers, so that equal and neighbouring versions are common.</summary>
    public string Version(bool local = true)
    {
        var text = Chance(20) ? "v" : "";
        if (Chance(12))
            text += $"{Number()}!";
        text += string.Join('.', Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Number()));
        if (Chance(3))
            text += Separator() + Case(One("a", "b", "c", "rc", "alpha", "beta", "pre", "preview")) + (Chance(3) ? "" : Separator() + Number());
        if (Chance(4))
            text += Chance(3) ? $"-{Number()}" : Separator() + Case(One("post", "rev", "r")) + (Chance(3) ? "" : Separator() + Number());
        if (Chance(4))
            text += Separator() + Case("dev") + (Chance(3) ? "" : Separator() + Number());
        if (local && Chance(6))
            text += "+" + string.Join(One(".", "-", "_"), Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Case(One("ubuntu", "local", "1", "01", "10", "a1", "1a", Number()))));
        return text;
    }

    public string Clause()
    {
        var operation = One("~=", "==", "!=", "<=", ">=", "<", ">", "===");
        var wild = operation is "==" or "!=" && Chance(3);
        return operation + One("", "", " ", "\t") + (wild ? string.Join('.', Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Number())) + ".*" : Version(local: operation is "==" or "!=" or "===" || Chance(20)))
            // No version has a comma; what follows this sign is only mostly read so.
            + (operation == "===" && !Chance(20) ? " " : "");
    }

    public string Specifier() => string.Join(One(",", ", ", " , "), Enumerable.Range(0, _random.Next(0, 4)).Select(_ => Clause())) + (Chance(30) ? "," : "");

    public string Name() => string.Join(One("-", "_", ".", "--", "-_"), Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Case(One("django", "zope", "interface", "a", "b2", "3to", "typing", "extensions"))));

    public string Marker(int depth = 0)
    {
        var text = string.Join(One(" and ", " or "), Enumerable.Range(0, _random.Next(1, 4)).Select(_ => depth < 3 && Chance(4) ? $"({Blank()}{Marker(depth + 1)}{Blank()})" : Comparison()));
        // One kind of word on each level or both: how they bind must not matter to how they are read.
        return text;
    }

    public string Dependency()
    {
        var extras = Chance(4) ? $"[{Blank()}{string.Join(One(",", " , "), Enumerable.Range(0, _random.Next(0, 3)).Select(_ => Name()))}{Blank()}]" : "";
        var where = Chance(8) ? $"{Blank()}@{Blank()}{One("https://files.test/a-1.0-py3-none-any.whl", "file:///srv/a.tar.gz", "git+https://host.test/a.git@main", "nothing", "http://")}{One(" ", "  ", "")}"
            : Chance(5) ? $"{Blank()}({Specifier()})" : Blank() + Specifier();
        return $"{Blank()}{Name()}{Blank()}{extras}{where}{(Chance(2) ? $"{Blank()};{Blank()}{Marker()}" : "")}{Blank()}";
    }

    public string WheelName()
    {
        var build = Chance(5) ? $"-{One("1", "2build", "b1", "", "10_x")}" : "";
        return $"{Name().Replace('-', '_')}-{Version()}{build}-{One("py3", "py2.py3", "cp311", "CP39")}-{One("none", "abi3", "cp311", "cp39.abi3")}-{One("any", "linux_x86_64", "manylinux_2_17_x86_64.manylinux2014_x86_64")}{One(".whl", ".whl", ".whl", ".whl", ".zip", "")}";
    }

    public string SourceName() => $"{Name()}-{Version().Replace('-', '_')}{One(".tar.gz", ".tar.gz", ".zip", ".tar.bz2")}";

    /// <summary>One time in eight something is wrong: a character more, less or another.</summary>
    public string Perhaps(string text, string characters = "0123456789abcdeprstv.-_+!*=<>~,;()[]'\"@ ")
    {
        if (!Chance(8) || text.Length == 0)
            return text;
        var at = _random.Next(text.Length);
        return _random.Next(3) switch
        {
            0 => text.Remove(at, 1),
            1 => text.Insert(at, characters[_random.Next(characters.Length)].ToString()),
            _ => text[..at] + characters[_random.Next(characters.Length)] + text[(at + 1)..],
        };
    }

    public bool? Answer() => One<bool?>(null, true, false);

    public T One<T>(params T[] among) => among[_random.Next(among.Length)];

    private string Comparison()
    {
        var (variable, value) = _random.Next(4) switch
        {
            0 => (One("python_version", "python_full_version", "implementation_version"), One("3.8", "3.9", "3.11", "3.11.2", "3.12", "3", "3.13.0a1", Number(), Version())),
            1 => (One("os_name", "sys_platform", "platform_system", "os.name", "sys.platform"), One("posix", "nt", "linux", "win32", "Linux", "darwin")),
            2 => (One("platform_machine", "platform.machine", "platform_python_implementation", "python_implementation", "implementation_name", "platform_release", "platform_version"), Chance(60) ? "6.1" : One("x86_64", "CPython", "cpython", "arm64", "#1 SMP")),
            _ => ("extra", One("test", "Test", "dev_tools", "dev-tools", "")),
        };
        var operation = variable == "extra" ? One("==", "!=") : One("==", "!=", "<", "<=", ">", ">=", "in", "not in", "==");
        // These are for versions.
        if (variable.EndsWith("version", StringComparison.Ordinal) && variable != "platform_version" ? Chance(5) : Chance(400))
            operation = One("~=", "===");
        var prefix = operation == "==" && variable.StartsWith("python_", StringComparison.Ordinal) && value[0] == '3' && Chance(4);
        if (prefix)
            value += ".*";
        var quote = One("'", "\"");
        var (left, right) = !prefix && Chance(5) ? ($"{quote}{value}{quote}", variable) : (variable, $"{quote}{value}{quote}");
        return $"{left}{One(" ", " ", "  ", operation is "in" or "not in" ? " " : "")}{operation}{One(" ", " ", "\t", operation is "in" or "not in" ? " " : "")}{right}";
    }

    private string Number() => One("0", "0", "1", "1", "2", "3", "10", "01", "00", "20251126", "12345678901234567890123");

    private string Separator() => One("", "", ".", "-", "_");

    private string Blank() => One("", "", "", " ", "  ");

    private string Case(string text) => Chance(8) ? text.ToUpperInvariant() : text;

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;
}
