using System.Security.Cryptography;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Cli.Tests;

/// <summary>An index that hangs, lies about sizes, breaks off or answers 500: one message, and the environment as it was.</summary>
[Trait("needs", "oracle")]
public sealed class IndexesThatFail : IDisposable
{
    private const string Wheel = "one/one-1.0-py3-none-any.whl";

    private readonly Folder _folder = new();
    private readonly FaultyServer _index = new() { ContentType = "application/vnd.pypi.simple.v1+json" };

    public void Dispose()
    {
        _index.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_an_index_does_wrong_is_told_and_nothing_changes()
    {
        var path = WheelFile.Write(_folder.Path, "one", "1.0", new Dictionary<string, string> { ["one.py"] = new('#', 5000) });
        _index.Files[Wheel] = File.ReadAllBytes(path);
        var (digest, size) = (Convert.ToHexStringLower(SHA256.HashData(_index.Files[Wheel])), _index.Files[Wheel].Length);
        Assert.Equal(0, Env("create", "shop", "--python", "/usr/bin/python3").ExitCode);
        foreach (var (said, fault, where, message) in ((int?, Func<int, Fault?>, string, string)[])
            [
                (size, static _ => new Fault { Status = 500 }, "one/", "^error: INDEXone/ cannot be read: it answered 500 X\nhint: "),
                (size, static _ => new Fault { Status = 503 }, "one/", "^error: INDEXone/ cannot be read: it answered 503 X\nhint: "),
                (size, static _ => new Fault { Stall = true, EndAfter = 10 }, "one/", "^error: INDEXone/ cannot be read: it gave no byte for 1 s\nhint: "),
                (size, static _ => new Fault { EndAfter = 10 }, "one/", "^error: INDEXone/ cannot be read: "),
                (size, static _ => new Fault { Body = "{\"meta\": "u8.ToArray() }, "one/", "^error: .*one/"),
                (size, static _ => new Fault { Status = 500, NoRanges = true }, Wheel, "^error: .*500 X"),
                (size, static _ => new Fault { Stall = true, EndAfter = 100, NoRanges = true }, Wheel, "^error: .*it gave no byte for 1 s"),
                (size, static _ => new Fault { EndAfter = 100, NoRanges = true }, Wheel, "^error: "),
                (size - 1, static _ => new Fault { NoRanges = true }, Wheel, "^error: (.|\n)*[0-9]+"),
                (size + 1, static _ => new Fault { NoRanges = true }, Wheel, "^error: (.|\n)*[0-9]+"),
            ])
        {
            Offer(digest, said);
            var others = fault;
            _index.Misbehave = (file, time) => file == where ? others(time) : null;
            var failed = Env("install", "one", "--env", "shop");
            Assert.Equal((1, "", message), (failed.ExitCode, failed.Output, message));
            var told = failed.Error.Replace(_index.Address.AbsoluteUri, "INDEX", StringComparison.Ordinal);
            Assert.Matches(message, told[told.IndexOf("error: ", StringComparison.Ordinal)..]);
            Assert.Contains("\nhint: ", told);
            Assert.Equal("", Env("freeze", "--env", "shop").Output);
        }

        // Ill for a moment alone, it is asked again.
        Offer(digest, size);
        _index.Requests.Clear();
        _index.Misbehave = static (_, time) => time == 1 ? new Fault { Status = 503 } : null;
        Assert.Equal("+ one 1.0\nshop: 1 installed\n", Env("install", "one", "--env", "shop").Output);
    }

    private void Offer(string digest, int? size) => _index.Files["one/"] = System.Text.Encoding.UTF8.GetBytes($$$"""{"meta": {"api-version": "1.1"}, "name": "one", "files": [{"filename": "one-1.0-py3-none-any.whl", "url": "one-1.0-py3-none-any.whl", "size": {{{size}}}, "hashes": {"sha256": "{{{digest}}}"}}]}""");

    private Invocation Env(params string[] words) => Invocation.Run(_folder, new Dictionary<string, string?>
    {
        ["WORKON_HOME"] = $"{_folder.Path}/environments",
        ["PIP_INDEX_URL"] = _index.Address.AbsoluteUri,
        ["PIP_NO_INDEX"] = null,
        ["PIP_FIND_LINKS"] = null,
        ["PIP_EXTRA_INDEX_URL"] = null,
        ["PIP_CONFIG_FILE"] = "/dev/null",
        ["MAYFLY_STALL"] = "1",
        ["VIRTUAL_ENV"] = null,
        ["HOME"] = _folder.Path,
    }, ["env", .. words]);
}
