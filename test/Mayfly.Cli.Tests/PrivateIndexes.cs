using System.Security.Cryptography;
using System.Text;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Cli.Tests;

/// <summary>An index that wants a name and a password: both are told to it, and shown and kept nowhere.</summary>
[Trait("needs", "oracle")]
public sealed class PrivateIndexes : IDisposable
{
    private const string Password = "s3cret-w0rd";

    private readonly Folder _folder = new();
    private readonly FaultyServer _index = new() { ContentType = "text/html", Tag = "\"1\"", Authorization = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"joe:{Password}"))}" };

    public void Dispose()
    {
        _index.Dispose();
        _folder.Dispose();
    }

    private string Open => _index.Address.AbsoluteUri;

    private string Private => Open.Replace("http://", $"http://joe:{Password}@", StringComparison.Ordinal);

    [Fact]
    public void What_it_has_is_installed_and_locked_and_the_password_is_nowhere()
    {
        foreach (var project in (string[])["one", "two"])
        {
            var path = WheelFile.Write(_folder.Path, project, "1.0", new Dictionary<string, string> { [$"{project}.py"] = "" });
            _index.Files[$"{project}/{project}-1.0-py3-none-any.whl"] = File.ReadAllBytes(path);
            _index.Files[$"{project}/"] = Encoding.UTF8.GetBytes($"<a href='{project}-1.0-py3-none-any.whl#sha256={Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}'>x</a>");
            File.Delete(path);
        }

        Does("made FOLDER/environments/shop", "", "create", "shop", "--python", "/usr/bin/python3");
        var refused = Run(Open, "", "env", "install", "one", "--env", "shop");
        Assert.Equal(1, refused.ExitCode);
        Assert.EndsWith($"error: {Open}one/ cannot be read: {_index.Address.Authority} wants a name and a password\nhint: write them into the address, as in https://NAME:PASSWORD@HOST/simple/ (other signs than letters and digits as %40), or into ~/.netrc: machine HOST login NAME password PASSWORD\n", refused.Error, StringComparison.Ordinal);
        Does("+ one 1.0", Private, "install", "one", "--env", "shop");
        Does("pylock.toml", Private, "lock", "one", "two");
        Assert.Contains($"index = \"{Open}\"", _folder.Read("pylock.toml"), StringComparison.Ordinal);
        Does("made FOLDER/environments/again", "", "create", "again", "--python", "/usr/bin/python3");
        Does("+ two 1.0", Private, "sync", "--env", "again", "--lock", "pylock.toml");

        var root = $"{_folder.Path}/environments/shop";
        var told = Run(Private, "", "pip", "--env", root, "install", "two");
        Assert.Equal((0, ""), (told.ExitCode, told.Error));
        Assert.StartsWith($"Looking in indexes: {Private.Replace(Password, "****", StringComparison.Ordinal)}\nCollecting two\n  Downloading {Open}two/two-1.0-py3-none-any.whl", told.Output, StringComparison.Ordinal);
        told = Run(Open, "", "pip", "--env", root, "install", "--force-reinstall", $"one @ {Private}one/one-1.0-py3-none-any.whl");
        Assert.Equal((0, ""), (told.ExitCode, told.Error));
        Assert.DoesNotContain(Password, told.Output, StringComparison.Ordinal);
        Assert.Contains($"\"url\": \"{Open}one/one-1.0-py3-none-any.whl\"", File.ReadAllText(Directory.GetFiles($"{root}/lib", "direct_url.json", SearchOption.AllDirectories).Single()), StringComparison.Ordinal);
        var wrong = Run(Open, "", "pip", "--env", root, "install", $"one @ {Private}one/one-2.0-py3-none-any.whl");
        Assert.Equal(1, wrong.ExitCode);
        Assert.DoesNotContain(Password, wrong.Output + wrong.Error, StringComparison.Ordinal);

        // A page may have links with names and passwords of their own, and is kept as it was: for its owner alone.
        Assert.All(Directory.GetFiles($"{_folder.Path}/stores", "*", SearchOption.AllDirectories).Where(static path => path.Contains("/indexes/", StringComparison.Ordinal) && File.ReadAllText(path).Contains("one-1.0-py3-none-any.whl", StringComparison.Ordinal)).ToArray() is { Length: > 0 } pages ? pages : throw new InvalidOperationException("no page is kept"),
            static path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path)));
        // No file of the environments, the lock or the stores has it.
        foreach (var file in Directory.EnumerateFiles(_folder.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            Assert.False(File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Password)) >= 0, file);

        // With the user's file nothing need be said.
        _folder.With(".netrc", $"machine elsewhere.test login x password y\nmachine 127.0.0.1 login joe password {Password}\n");
        Does("made FOLDER/environments/netrc", "", "create", "netrc", "--python", "/usr/bin/python3");
        Does("+ two 1.0", Open, "install", "two", "--env", "netrc");
        _folder.With("elsewhere", "default login joe password wrong\n");
        refused = Run(Open, $"{_folder.Path}/elsewhere", "env", "install", "one", "--env", "netrc");
        Assert.Contains($"{_index.Address.Authority} does not accept the name and the password that it was told\n", refused.Error, StringComparison.Ordinal);
    }

    private void Does(string expected, string index, params string[] words)
    {
        var done = Run(index, "", ["env", .. words]);
        Assert.Equal((0, ""), (done.ExitCode, done.ExitCode == 0 ? "" : done.Error));
        Assert.Contains(expected, done.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, done.Output + done.Error, StringComparison.Ordinal);
    }

    /// <summary>Each with a store of its own, so that everything is asked for.</summary>
    private Invocation Run(string index, string netrc, params string[] words) => Invocation.Run(_folder, new Dictionary<string, string?>
    {
        ["WORKON_HOME"] = $"{_folder.Path}/environments",
        ["MAYFLY_STORE"] = $"{_folder.Path}/stores/{Directory.CreateDirectory($"{_folder.Path}/stores").GetDirectories().Length}",
        ["PIP_INDEX_URL"] = index,
        ["PIP_NO_INDEX"] = null,
        ["PIP_FIND_LINKS"] = null,
        ["PIP_EXTRA_INDEX_URL"] = null,
        ["PIP_CONFIG_FILE"] = "/dev/null",
        ["MAYFLY_STALL"] = "5",
        ["VIRTUAL_ENV"] = null,
        ["NETRC"] = netrc.Length > 0 ? netrc : null,
        ["HOME"] = _folder.Path,
    }, words);
}
