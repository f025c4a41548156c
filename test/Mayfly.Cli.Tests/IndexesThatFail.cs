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
                (size, static _ => new Fault { Silent = true }, "one/", "^error: INDEXone/ cannot be read: it gave no byte for 1 s\nhint: "),
                (size, static _ => new Fault { Stall = true, EndAfter = 0 }, "one/", "^error: INDEXone/ cannot be read: it gave no byte for 1 s\nhint: "),
                (size, static _ => new Fault { Step = 1, Body = [.. Enumerable.Repeat((byte)' ', 10_000)] }, "one/", @"^error: INDEXone/ cannot be read: it gave only [12]\d bytes in 1(\.\d)? s\nhint: "),
                (size, static _ => new Fault { Lie = 100 }, "one/", "^error: INDEXone/ cannot be read: it broke off in the middle\nhint: "),
                (size, static _ => new Fault { Lie = -10 }, "one/", "^error: .*one/"),
                (size, static _ => new Fault { Body = "{\"meta\": "u8.ToArray() }, "one/", "^error: .*one/"),
                (size, static _ => new Fault { Status = 500, NoRanges = true }, Wheel, "^error: .*500 X"),
                (size, static _ => new Fault { Stall = true, EndAfter = 100, NoRanges = true }, Wheel, "^error: .*it gave no byte for 1 s"),
                (size, static _ => new Fault { EndAfter = 100, NoRanges = true }, Wheel, "^error: "),
                (size, static _ => new Fault { Silent = true, NoRanges = true }, Wheel, "^error: .*it gave no byte for 1 s"),
                (size, static _ => new Fault { Lie = 100, NoRanges = true }, Wheel, "^error: .*it broke off in the middle\nhint: "),
                (size, static _ => new Fault { Lie = -100, NoRanges = true }, Wheel, "^error: .*has [0-9]+ bytes, and the index says [0-9]+\nhint: "),
                (null, static _ => new Fault { Lie = 100, NoRanges = true }, Wheel, "^error: .*it broke off in the middle\nhint: "),
                (null, static _ => new Fault { Lie = -100, NoRanges = true }, Wheel, "^error: .*has the SHA-256 [0-9a-f]+, and the index says [0-9a-f]+\nhint: "),
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
            Assert.True(System.Text.RegularExpressions.Regex.IsMatch(told[told.IndexOf("error: ", StringComparison.Ordinal)..], message), $"{message} | {told}");
            Assert.Contains("\nhint: ", told);
            Assert.Equal("", Env("freeze", "--env", "shop").Output);
        }

        // Ill for a moment alone, it is asked again.
        Offer(digest, size);
        _index.Requests.Clear();
        _index.Misbehave = static (_, time) => time == 1 ? new Fault { Status = 503 } : null;
        Assert.Equal("+ one 1.0\nshop: 1 installed\n", Env("install", "one", "--env", "shop").Output);
    }

    /// <summary>Metadata beside the wheel (PEP 658), and parts of it, of other lengths or places than said.</summary>
    [Fact]
    public void Parts_and_metadata_that_are_not_what_was_asked_for_never_decide()
    {
        var path = WheelFile.Write(_folder.Path, "one", "1.0", new Dictionary<string, string> { ["one.py"] = new('#', 5000) }, requires: "two");
        var (wheel, two) = (File.ReadAllBytes(path), File.ReadAllBytes(WheelFile.Write(_folder.Path, "two", "1.0", new Dictionary<string, string> { ["two.py"] = "#\n" })));
        var (digest, metadata) = (Convert.ToHexStringLower(SHA256.HashData(wheel)), "Metadata-Version: 2.1\nVersion: 1.0\nName: one\nRequires-Dist: two\n"u8.ToArray());
        _index.Files[Wheel] = wheel;
        _index.Files[$"{Wheel}.metadata"] = metadata;
        _index.Files["two/two-1.0-py3-none-any.whl"] = two;
        _index.Files["two/"] = System.Text.Encoding.UTF8.GetBytes($$$"""{"meta": {"api-version": "1.1"}, "name": "two", "files": [{"filename": "two-1.0-py3-none-any.whl", "url": "two-1.0-py3-none-any.whl", "hashes": {"sha256": "{{{Convert.ToHexStringLower(SHA256.HashData(two))}}}"}}]}""");
        Assert.Equal(0, Env("create", "shop", "--python", "/usr/bin/python3").ExitCode);
        var said = $"\"core-metadata\": {{\"sha256\": \"{Convert.ToHexStringLower(SHA256.HashData(metadata))}\"}}, ";
        foreach (var (more, fault, message) in ((string, Fault, string)[])
            [
                (said, new Fault { Lie = 5 }, @"^error: INDEX.*\.metadata cannot be read: it broke off in the middle\nhint: "),
                (said, new Fault { Lie = -5 }, @"^error: INDEX.*\.metadata has the SHA-256 [0-9a-f]+, and the index says [0-9a-f]+\nhint: "),
                (said, new Fault { Silent = true }, @"^error: INDEX.*\.metadata cannot be read: it gave no byte for 1 s\nhint: "),
                // Of those whose digest nobody says, the end may be missing; then it is the wheel that tells.
                ("\"core-metadata\": true, ", new Fault { Lie = -"Requires-Dist: two\n".Length }, "^error: the metadata in one 1.0 are others than those that its index gave for it\nhint: "),
            ])
        {
            Offer(digest, wheel.Length, more);
            _index.Misbehave = (file, _) => file == $"{Wheel}.metadata" ? fault : null;
            var failed = Env("install", "one", "--env", "shop");
            Assert.Equal((1, "", message), (failed.ExitCode, failed.Output, message));
            var told = failed.Error.Replace(_index.Address.AbsoluteUri, "INDEX", StringComparison.Ordinal);
            Assert.Matches(message, told[told.IndexOf("error: ", StringComparison.Ordinal)..]);
            Assert.Equal("", Env("freeze", "--env", "shop").Output);
            Directory.Delete($"{_folder.Path}/.store", recursive: true);
        }

        // Where parts are asked for, whatever else comes is no answer, and the wheel is fetched whole.
        Offer(digest, wheel.Length);
        foreach (var fault in (Fault[])[new() { NoRanges = true }, new() { Aside = 1 }, new() { Aside = -1 }, new() { Lie = -1 }])
        {
            var parts = 0;
            _index.Misbehave = (file, time) => file == Wheel && Interlocked.Increment(ref parts) <= 1 ? fault : null;
            Assert.Equal("+ one 1.0\n+ two 1.0\nshop: 2 installed\n", Env("install", "one", "--env", "shop").Output);
            Assert.True(parts > 1, $"{fault}: {parts}");
            Assert.Equal(0, Env("rollback", "--env", "shop").ExitCode);
            Directory.Delete($"{_folder.Path}/.store", recursive: true);
        }
    }

    private void Offer(string digest, int? size, string more = "") => _index.Files["one/"] = System.Text.Encoding.UTF8.GetBytes($$$"""{"meta": {"api-version": "1.1"}, "name": "one", "files": [{"filename": "one-1.0-py3-none-any.whl", "url": "one-1.0-py3-none-any.whl", {{{(size is null ? "" : $"\"size\": {size}, ")}}}{{{more}}}"hashes": {"sha256": "{{{digest}}}"}}]}""");

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
