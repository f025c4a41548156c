using System.Security.Cryptography;
using System.Text;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Cli.Tests;

/// <summary>What pip is told by variables and by files of other hosts counts, or brings pip itself.</summary>
[Trait("needs", "oracle")]
public sealed class SettingsOfPip : IDisposable
{
    private readonly Folder _folder = new();
    private readonly FaultyServer _index = new() { ContentType = "text/html" };

    public void Dispose()
    {
        _index.Dispose();
        _folder.Dispose();
    }

    private string Root => $"{_folder.Path}/environments/shop";

    private string Made()
    {
        foreach (var (project, version, needs) in ((string, string, string[])[])[("one", "1.0", ["two"]), ("two", "1.0", []), ("two", "2.0", [])])
        {
            var path = WheelFile.Write(_folder.Path, project, version, new Dictionary<string, string> { [$"{project}.py"] = "" }, true, needs);
            _index.Files[$"simple/{project}/{Path.GetFileName(path)}"] = File.ReadAllBytes(path);
            _index.Files.AddOrUpdate($"simple/{project}/", Link(path), (_, before) => [.. before, .. Link(path)]);
            File.Delete(path);
        }

        Assert.Equal(0, Run([], "env", "create", "shop", "--python", "/usr/bin/python3").ExitCode);
        return _index.Address.AbsoluteUri;

        static byte[] Link(string path) => Encoding.UTF8.GetBytes($"<a href='{Path.GetFileName(path)}#sha256={Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}'>x</a>");
    }

    private string Frozen => Run([], "env", "freeze", "--env", "shop").Output;

    [Fact]
    public void Settings_count_as_if_they_were_typed_or_bring_pip_itself()
    {
        Made();
        Works(Run([("PIP_NO_DEPS", "1")], "pip", "--env", Root, "install", "one"));
        Assert.Equal("one==1.0\n", Frozen);
        Works(Run([("PIP_YES", "true")], "pip", "--env", Root, "uninstall", "one"));
        // Those of other commands, or taken back, say nothing; whom to trust and by which way is no reason for another pip.
        Works(Run([("PIP_FORMAT", "json"), ("PIP_TARGET", "no")], "pip", "--env", Root, "install", "one", "--trusted-host", "elsewhere.test"));
        Assert.Equal("one==1.0\ntwo==2.0\n", Frozen);
        Assert.StartsWith("[{\"name\"", Run([("PIP_FORMAT", "json")], "pip", "--env", Root, "list").Output, StringComparison.Ordinal);
        _folder.With("pip.conf", "[list]\nformat = freeze\n[install]\nno-deps = 1\n");
        Assert.Equal("one==1.0\ntwo==2.0\n", Run([("PIP_CONFIG_FILE", $"{_folder.Path}/pip.conf")], "pip", "--env", Root, "list").Output);

        Works(Run([("PIP_TARGET", $"{_folder.Path}/aside")], "pip", "--env", Root, "install", "--no-deps", "two<2"));
        Assert.True(File.Exists($"{_folder.Path}/aside/two.py"));
        Assert.Contains("two==2.0\n", Frozen);
    }

    [Fact]
    public void Files_of_requirements_may_be_on_another_host()
    {
        var address = Made();
        _index.Files["files/all.txt"] = "-r more.txt\n"u8.ToArray();
        _index.Files["files/more.txt"] = "one\n"u8.ToArray();
        _index.Files["files/limits.txt"] = "two<2\n"u8.ToArray();
        Works(Run([], "env", "install", "-r", $"{address}files/all.txt", "-c", $"{address}files/limits.txt", "--env", "shop"));
        Assert.Equal("one==1.0\ntwo==1.0\n", Frozen);
        Works(Run([], "pip", "--env", Root, "uninstall", "-y", "-r", $"{address}files/more.txt"));
        Assert.Equal("two==1.0\n", Frozen);
        var told = Run([("PIP_CONSTRAINT", $"{address}files/limits.txt")], "pip", "--env", Root, "install", "-U", "two", "-r", $"{address}files/all.txt");
        Works(told);
        Assert.Contains("Collecting one\n", told.Output);
        Assert.Equal("one==1.0\ntwo==1.0\n", Frozen);
        foreach (var words in (string[][])[["env", "install", "--env", "shop", "-r", $"{address}none.txt"], ["pip", "--env", Root, "install", "-r", $"{address}none.txt"]])
        {
            var failed = Run([], words);
            Assert.Equal(1, failed.ExitCode);
            Assert.Matches($"(?i)^error: {address}none.txt cannot be read: it answered 404 X\nhint: ", failed.Error);
        }
    }

    private static void Works(Invocation done) => Assert.Equal((0, ""), (done.ExitCode, done.ExitCode == 0 ? "" : done.Output + done.Error));

    private Invocation Run((string Name, string Value)[] more, params string[] words)
    {
        var variables = new Dictionary<string, string?>
        {
            ["WORKON_HOME"] = $"{_folder.Path}/environments",
            ["PIP_INDEX_URL"] = $"{_index.Address}simple/",
            ["PIP_NO_INDEX"] = null,
            ["PIP_FIND_LINKS"] = null,
            ["PIP_EXTRA_INDEX_URL"] = null,
            ["PIP_CONFIG_FILE"] = "/dev/null",
            ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1",
            ["MAYFLY_STALL"] = "5",
            ["VIRTUAL_ENV"] = null,
            ["HOME"] = _folder.Path,
        };
        foreach (var (name, value) in more)
            variables[name] = value;
        return Invocation.Run(_folder, variables, words);
    }
}
