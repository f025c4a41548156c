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
    private readonly Folder _programs = new();
    private readonly FaultyServer _index = new() { ContentType = "text/html", Tag = "\"1\"", Authorization = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"joe:{Password}"))}" };

    public void Dispose()
    {
        _index.Dispose();
        _folder.Dispose();
        _programs.Dispose();
    }

    private string Open => _index.Address.AbsoluteUri;

    private string Private => Open.Replace("http://", $"http://joe:{Password}@", StringComparison.Ordinal);

    [Fact]
    public void What_it_has_is_installed_and_locked_and_the_password_is_nowhere()
    {
        Fill();
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

    /// <summary>Two projects.</summary>
    private void Fill()
    {
        foreach (var project in (string[])["one", "two"])
        {
            var path = WheelFile.Write(_folder.Path, project, "1.0", new Dictionary<string, string> { [$"{project}.py"] = "" });
            _index.Files[$"{project}/{project}-1.0-py3-none-any.whl"] = File.ReadAllBytes(path);
            _index.Files[$"{project}/"] = Encoding.UTF8.GetBytes($"<a href='{project}-1.0-py3-none-any.whl#sha256={Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}'>x</a>");
            File.Delete(path);
        }
    }

    /// <summary>A program <c>keyring</c> that keeps what it was asked, and then does this.</summary>
    /// <param name="answers">Cases of the shell's, by what it is asked; everybody else is not known.</param>
    private void Keyring(string answers)
    {
        var path = $"{_programs.Path}/keyring";
        _programs.With("keyring", $"#!/bin/sh\necho \"$*\" >> {_programs.Path}/asked\ncase \"$*\" in\n{answers}\n*) exit 1;;\nesac\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText($"{_programs.Path}/asked", "");
    }

    private string Asked => _programs.Read("asked");

    private Invocation WithKeyring(string index, Dictionary<string, string?> variables, params string[] words) => Run(index, "", new Dictionary<string, string?>(variables) { ["PATH"] = $"{_programs.Path}:{Environment.GetEnvironmentVariable("PATH")}" }, words);

    [Fact]
    public void A_keyring_is_asked_for_what_nobody_has_said_once_and_tells_nobody_else()
    {
        Fill();
        Does("made FOLDER/environments/shop", "", "create", "shop", "--python", "/usr/bin/python3");
        var root = $"{_folder.Path}/environments/shop";
        var (named, host) = (Open.Replace("http://", "http://joe@", StringComparison.Ordinal), _index.Address.Authority);

        // By the index and the name that stands in its address; the whole command asks once.
        Keyring($"'get {Open} joe') echo '{Password}';;");
        Says("+ one 1.0\n+ two 1.0\nshop: 2 installed\n", $"get {Open} joe\n", named, [], "env", "install", "one", "two", "--env", "shop");
        Says("+ one 1.0\n+ two 1.0\npylock.toml: 2 packages for Python 3.11\n", $"get {Open} joe\n", named, [], "env", "lock", "one", "two", "--python", "/usr/bin/python3");
        Says("~ one 1.0\nshop: 1 changed\n", $"get {Open} joe\n", named, new() { ["PIP_NO_INPUT"] = "1" }, "env", "install", "--force-reinstall", "one", "--env", "shop", "--keyring-provider", "subprocess");
        // By the host, with a name that the keyring tells.
        Keyring($"'--mode creds get {host}') printf 'joe\\n{Password}\\n'; echo 'a warning' >&2;;");
        Says("~ one 1.0\nshop: 1 changed\n", $"--mode creds get {Open}\n--mode creds get {host}\n", Open, new() { ["PIP_KEYRING_PROVIDER"] = "import" }, "env", "install", "--force-reinstall", "one", "--env", "shop");
        // Also of one that does not say what it lacks.
        _index.Denial = 403;
        Says("~ one 1.0\nshop: 1 changed\n", $"--mode creds get {Open}\n--mode creds get {host}\n", Open, [], "env", "install", "--force-reinstall", "one", "--env", "shop");
        _index.Denial = 401;
        // Also where the user's file says something that does not do.
        _folder.With(".netrc", "machine 127.0.0.1 login joe password wrong\n");
        Says("~ one 1.0\nshop: 1 changed\n", $"--mode creds get {Open}\n--mode creds get {host}\n", Open, [], "env", "install", "--force-reinstall", "one", "--env", "shop");
        File.Delete($"{_folder.Path}/.netrc");

        // pip in the environment.
        Keyring($"'get {Open} joe') echo '{Password}';;");
        var told = WithKeyring(named, [], "pip", "--env", root, "install", "--keyring-provider", "subprocess", "--force-reinstall", "two");
        Assert.Equal((0, "", $"get {Open} joe\n"), (told.ExitCode, told.Error, Asked));
        Assert.StartsWith($"Looking in indexes: {Open.Replace("http://", "http://****@", StringComparison.Ordinal)}\nCollecting two\n  Downloading {Open}two/two-1.0-py3-none-any.whl", told.Output, StringComparison.Ordinal);
        _folder.With("pip.conf", "[global]\nkeyring-provider = subprocess\n");
        Keyring($"'get {Open} joe') echo '{Password}';;");
        told = WithKeyring(named, new() { ["PIP_CONFIG_FILE"] = $"{_folder.Path}/pip.conf" }, "pip", "--env", root, "--no-input", "install", "--force-reinstall", "two");
        Assert.Equal((0, "", $"get {Open} joe\n"), (told.ExitCode, told.Error, Asked));

        // A password that was said counts, and one that is not to be asked for is not.
        Keyring("");
        foreach (var (index, variables, words) in ((string, Dictionary<string, string?>, string[])[])
        [
            (Private.Replace(Password, "wrong", StringComparison.Ordinal), [], []), (named, new() { ["PIP_NO_INPUT"] = "1" }, []), (named, new() { ["PIP_KEYRING_PROVIDER"] = "disabled" }, []), (named, [], ["--keyring-provider", "disabled"]),
        ])
        {
            var refused = WithKeyring(index, variables, ["env", "install", "--force-reinstall", "one", "--env", "shop", .. words]);
            Assert.Equal((1, ""), (refused.ExitCode, Asked));
            Assert.EndsWith($"{host} does not accept the name and the password that it was told\nhint: write them into the address, as in https://NAME:PASSWORD@HOST/simple/ (other signs than letters and digits as %40), or into ~/.netrc: machine HOST login NAME password PASSWORD\n", refused.Error, StringComparison.Ordinal);
        }

        foreach (var file in Directory.EnumerateFiles(_folder.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            Assert.False(File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Password)) >= 0, file);

        void Says(string expected, string asked, string index, Dictionary<string, string?> variables, params string[] words)
        {
            File.WriteAllText($"{_programs.Path}/asked", "");
            var done = WithKeyring(index, variables, words);
            Assert.Equal((0, expected, asked), (done.ExitCode, done.ExitCode == 0 ? done.Output : done.Error, Asked));
            Assert.DoesNotContain(Password, done.Output + done.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>Each ends in one message, which says nothing of what the keyring answered.</summary>
    [Theory]
    [InlineData("keyring-knows-nobody", "")]
    [InlineData("keyring-is-wrong", "*joe) echo 's3cret-other';;")]
    [InlineData("keyring-fails", "*) echo 'Traceback' >&2; echo 'keyring.errors.NoKeyringError: No recommended backend was available' >&2; exit 1;;")]
    [InlineData("keyring-hangs", "*) echo 's3cret-w0rd'; sleep 60;;")]
    [InlineData("keyring-is-noisy", "*) echo 'Welcome'; echo 's3cret-w0rd';;")]
    [InlineData("keyring-says-nothing", "*) ;;")]
    [InlineData("keyring-is-old", "*--mode*) echo 'usage: keyring' >&2; echo 'keyring: error: unrecognized arguments: --mode' >&2; exit 2;;", false)]
    [InlineData("keyring-is-not-there", null)]
    public void A_keyring_that_does_not_help_is_told(string snapshot, string? answers, bool named = true)
    {
        Fill();
        if (answers is not null)
            Keyring(answers);
        Does("made FOLDER/environments/shop", "", "create", "shop", "--python", "/usr/bin/python3");
        var said = WithKeyring(named ? Open.Replace("http://", "http://joe@", StringComparison.Ordinal) : Open, new() { ["PIP_KEYRING_PROVIDER"] = "subprocess", ["MAYFLY_STALL"] = "0.5" }, "env", "install", "one", "two", "--env", "shop");
        Assert.DoesNotContain("s3cret", said.Output + said.Error, StringComparison.Ordinal);
        (said with { Error = said.Error.Replace(_index.Address.Authority, "HOST", StringComparison.Ordinal).Replace(_programs.Path, "PROGRAMS", StringComparison.Ordinal) }).ShouldMatch(snapshot);
    }

    [Fact]
    public void A_keyring_that_nobody_asked_for_and_that_fails_is_a_hint_and_no_end()
    {
        Fill();
        Keyring("*) echo 'keyring.errors.NoKeyringError: none' >&2; exit 1;;");
        Does("made FOLDER/environments/shop", "", "create", "shop", "--python", "/usr/bin/python3");
        var said = WithKeyring(Open.Replace("http://", "http://joe@", StringComparison.Ordinal), [], "env", "install", "one", "--env", "shop");
        Assert.Equal(1, said.ExitCode);
        Assert.Matches("^error: [^\n]*one/ cannot be read: [^\n]*\nhint: [0-9.:]+ wants a name and a password, and .*/keyring, which is asked for them, failed with exit code 1: keyring.errors.NoKeyringError: none; try it by hand: keyring get .* joe; ", said.Error);
        // A name that begins as an option is nobody's, and the program is not asked.
        File.Delete($"{_programs.Path}/asked");
        said = WithKeyring(Open.Replace("http://", "http://--disable@", StringComparison.Ordinal), [], "env", "install", "one", "--env", "shop");
        Assert.Equal(1, said.ExitCode);
        Assert.False(File.Exists($"{_programs.Path}/asked"), said.Error);
    }

    [Fact]
    public void A_keyring_provider_that_is_none_is_told()
    {
        Run(Open, "", "env", "install", "one", "--keyring-provider", "apple").ShouldMatch("keyring-provider-that-is-none");
        var said = Run(Open, "", new Dictionary<string, string?> { ["PIP_KEYRING_PROVIDER"] = "apple" }, "env", "lock", "one");
        Assert.Equal((1, "error: PIP_KEYRING_PROVIDER: keyring-provider is 'apple', which is none\nhint: write auto, disabled, import or subprocess\n"), (said.ExitCode, said.Error));
    }

    private void Does(string expected, string index, params string[] words)
    {
        var done = Run(index, "", ["env", .. words]);
        Assert.Equal((0, ""), (done.ExitCode, done.ExitCode == 0 ? "" : done.Error));
        Assert.Contains(expected, done.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, done.Output + done.Error, StringComparison.Ordinal);
    }

    /// <summary>Each with a store of its own, so that everything is asked for.</summary>
    private Invocation Run(string index, string netrc, params string[] words) => Run(index, netrc, [], words);

    private Invocation Run(string index, string netrc, Dictionary<string, string?> variables, params string[] words) => Invocation.Run(_folder, new Dictionary<string, string?>(new Dictionary<string, string?>
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
    }.Where(one => !variables.ContainsKey(one.Key)).Concat(variables)), words);
}
