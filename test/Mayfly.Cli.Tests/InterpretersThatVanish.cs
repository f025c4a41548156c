using Mayfly.Environments.Tests;

namespace Mayfly.Cli.Tests;

/// <summary>The interpreter of an environment is removed, becomes another version, or does not run: what needs one says so, and what does not goes on.</summary>
[Trait("needs", "oracle")]
public sealed class InterpretersThatVanish : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Base => $"{_folder.Path}/base/python3";

    private string Root => $"{_folder.Path}/environments/shop";

    /// <summary>Debian's own interpreter, which says of itself that it is here, and a version.</summary>
    private void Python(string version) => Program($"""exec /usr/bin/python3 "$@" | sed "s|\"executable\": \"[^\"]*\"|\"executable\": \"{Base}\"|; s|3\.11\.[0-9]*|{version}|g; s|\[3, 11\]|[{string.Join(", ", version.Split('.')[..2])}]|; s|python3\.11|python{string.Join('.', version.Split('.')[..2])}|g" """);

    private void Program(string text)
    {
        _folder.With("base/python3", $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(Base, (UnixFileMode)0b111_101_101);
    }

    [Fact]
    public void What_needs_the_interpreter_says_so_and_the_rest_goes_on()
    {
        Python("3.11.2");
        var wheels = Directory.CreateDirectory($"{_folder.Path}/wheels").FullName;
        WheelFile.Write(wheels, "one", "1.0", new Dictionary<string, string> { ["one.py"] = "#\n" }, requires: "two ; python_version < '3'");
        WheelFile.Write(wheels, "one", "1.1", new Dictionary<string, string> { ["one.py"] = "#\n" });
        _folder.With("requirements.txt", "one\n");
        Assert.Equal($"made FOLDER/environments/shop with Python 3.11.2\n+ one 1.0\nshop: 1 installed\n", Run("env", "create", "shop", "one==1.0", "--python", Base).Output);
        Assert.Equal(0, Run("env", "install", "one==1.1", "--env", "shop").ExitCode);
        Assert.Equal(0, Run("env", "lock", "--python", Base).ExitCode);

        Lost("the interpreter of FOLDER/environments/shop is gone: FOLDER/base/python3", "its interpreter is gone", () => File.Delete(Base));
        Lost("FOLDER/environments/shop was made with Python 3.11.2, and its interpreter is Python 3.12.4 by now", "made with Python 3.11.2, its interpreter is Python 3.12.4", () => Python("3.12.4"));
        Lost("the interpreter of FOLDER/environments/shop does not run: FOLDER/environments/shop/bin/python cannot be used: no library", "its interpreter does not run", () => Program("echo no library >&2; exit 127"));
        // As it was, all is well; a newer one of the same minor version is the same to it.
        Python("3.11.9");
        Assert.Equal("shop is as it should be: 1 package, Python 3.11.9\n", Run("env", "doctor", "--env", "shop").Output);
        Assert.Equal(0, Run("env", "sync", "--env", "shop").ExitCode);
        File.Delete(Base);
        File.Delete($"{Root}/bin/python");
        Assert.Equal((1, "the interpreter of FOLDER/environments/shop is gone\n"), Run("env", "doctor", "--env", "shop") is var doctor ? (doctor.ExitCode, doctor.Output) : default);
        Assert.Equal("removed FOLDER/environments/shop\n", Run("env", "delete", "shop").Output);
    }

    private void Lost(string message, string what, Action happens)
    {
        happens();
        const string Hint = "make it anew with an interpreter that is there; mayfly env freeze still tells what is in it";
        var before = Files();
        foreach (var words in (string[][])[["install", "one", "--env", "shop"], ["remove", "one", "--env", "shop"], ["upgrade", "--env", "shop"], ["sync", "--env", "shop"], ["copy", "shop", "other"], ["run", "--env", "shop", "--", "python", "-V"]])
            Assert.Equal((1, "", $"error: {message}\nhint: {Hint}\n"), Run(["env", .. words]) is var failed ? (failed.ExitCode, failed.Output, failed.Error) : default);
        foreach (var words in (string[][])[["install", "one"], ["uninstall", "-y", "one"], ["check"]])
            Assert.Equal((1, "", $"error: {message}\nhint: {Hint}\n"), Run(["pip", "--env", Root, .. words]) is var failed ? (failed.ExitCode, failed.Output, failed.Error) : default);
        Assert.Equal(before, Files());

        Assert.Equal((0, $"  shop  {what}, 1 package\n", ""), Run("env", "list") is var all ? (all.ExitCode, all.Output, all.Error) : default);
        foreach (var (output, words) in ((string, string[])[])
            [
                ("one  1.1\n", ["list", "shop"]), ("one==1.1\n", ["freeze", "--env", "shop"]), ("~ one 1.0 → 1.1\n", ["diff", "--env", "shop"]),
                ("~ one 1.1 → 1.0\n", ["rollback", "--env", "shop"]), ("~ one 1.0 → 1.1\n", ["rollback", "--env", "shop"]),
            ])
            Assert.Equal((0, output, $"note: {message}; {Hint}\n"), Run(["env", .. words]) is var done ? (done.ExitCode, done.Output, done.Error) : default);
        Assert.Contains($"\npython       {what}\n", Run("env", "show", "--env", "shop").Output);
        Assert.Contains("version      1.1\n", Run("env", "show", "one", "--env", "shop").Output);
        Assert.StartsWith("one==1.1 \\\n    --hash=sha256:", Run("env", "export", "--env", "shop").Output);
        Assert.Equal("FOLDER/environments/shop/lib/python3.11/site-packages/one.py\n", Run("env", "which", "one", "--env", "shop").Output);
        Assert.Equal((1, $"{message}\n"), Run("env", "doctor", "--env", "shop") is var doctor ? (doctor.ExitCode, doctor.Output) : default);
        foreach (var (output, words) in ((string, string[])[])[("one==1.1\n", ["freeze"]), ("Package Version\n------- -------\none     1.1\n", ["list"])])
            Assert.Equal((0, output), Run(["pip", "--env", Root, .. words]) is var done ? (done.ExitCode, done.Output) : default);
        Assert.Contains("Name: one\nVersion: 1.1\n", Run("pip", "--env", Root, "show", "one").Output);
    }

    [Theory, InlineData("bash"), InlineData("zsh"), InlineData("fish")]
    public void Whoever_enters_one_is_told(string name)
    {
        var shell = new ShellUnderTest(name, Directory.CreateDirectory($"{_folder.Path}/home").FullName);
        shell.TakeWords(_folder);
        Python("3.11.2");
        var words = $"source {shell.Words}\nworkon shop\necho \"$VIRTUAL_ENV\"\n";
        Assert.Equal(0, Invocation.Run(_folder, new Dictionary<string, string?> { ["WORKON_HOME"] = $"{shell.Home}/environments", ["HOME"] = shell.Home }, "env", "create", "shop", "--python", Base).ExitCode);
        Assert.EndsWith($"{shell.Home}/environments/shop\n", shell.Run(words));
        Assert.DoesNotContain("NOTE: the interpreter", shell.Run(words), StringComparison.Ordinal);
        File.Delete(Base);
        Assert.EndsWith($"NOTE: the interpreter of 'shop' is gone; mayfly env doctor --env shop tells more.\n{shell.Home}/environments/shop\n", shell.Run(words));
    }

    private IReadOnlyList<string> Files() => [.. Directory.EnumerateFileSystemEntries($"{_folder.Path}/environments", "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private Invocation Run(params string[] words) => Invocation.Run(_folder, Invocation.WheelsAlone(_folder), words);
}
