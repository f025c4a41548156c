namespace Mayfly.Packages.Tests.Python;

/// <summary>Requirements files as people write them, and slightly wrong ones; all of it follows from the seed.</summary>
internal sealed class RequirementsSpellings(int seed)
{
    private readonly Spellings _write = new(seed);

    public IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string> { ["MAYFLY_TEST"] = "secret", ["MAYFLY_TEST_EMPTY"] = "" };

    /// <summary>The first is <c>requirements.txt</c>; it may name the others, and those each other.</summary>
    public Dictionary<string, string> Files() => new()
    {
        ["requirements.txt"] = Text("more.txt", "deep/limits.txt"),
        ["more.txt"] = Text("deep/limits.txt"),
        ["deep/limits.txt"] = Text("last.txt"),
        ["deep/last.txt"] = Text(),
    };

    private string Text(params string[] others)
    {
        var text = "";
        for (var i = _write.One(0, 1, 3, 6); i > 0; i--)
            text += Line(others) + _write.One("\n", "\n", "\n", "\r\n", "\n\n", "  \n", "\r", "\f", "\u2028");
        return text;
    }

    private string Line(string[] others)
    {
        var line = _write.One(0, 0, 0, 1, 1, 2, 2, 3, 4) switch
        {
            0 => _write.Dependency() + (_write.One(true, false, false) ? $"{_write.One(" ", " \\\n    ", "\\\n", " \\ \n")}--hash={_write.One("sha256:abc", "sha256:ABC", "sha384:1", "'sha512:1'", "md5:1", "sha256", "sha256:abc --hash sha256:def")}" : ""),
            1 when others.Length > 0 => $"{_write.One("-r", "-r ", "--requirement ", "--requirement=", "-c", "-c ", "--constraint ", "--req ")}{_write.One(others)}",
            2 => _write.One("--index-url https://index.test/simple", "-i https://${MAYFLY_TEST}@index.test/", "--extra-index-url=https://other.test/${MAYFLY_TEST_NONE}/${MAYFLY_TEST_EMPTY}", "--no-index", "-f ./wheels", "--find-links 'a folder'",
                "--find-links \"a \\\"b\\\" c\"", "--pre", "--prefer-binary", "--require-hashes", "--trusted-host index.test", "--pre --no-index", "--extra https://a.test/", "--no", "-i", "--pypi-url https://old.test/ -i https://new.test", "--verbose", "--pre=1", "--find-links a\\ b"),
            3 => _write.One("-e .", "-e ./lib[test]", "--editable=git+https://host.test/a.git#egg=a", "-e . -e ..", "./dist/a-1.0-py3-none-any.whl", "https://files.test/a-1.0.tar.gz#sha256=abc", "git+https://host.test/a.git@main#egg=a", "-e 'a b'", "-e", "a -e b"),
            _ => _write.One("# a comment", "#", "\\", "\t# -r more.txt", "# a comment that goes on \\", "  ", "--", "-", "- x", "a # b", "a#b", "a \\# b"),
        };
        return _write.Perhaps(_write.Perhaps(line + _write.One("", "", "", " # why", " #", "\t#x \\")), "\\\n#'\" -=$");
    }
}
