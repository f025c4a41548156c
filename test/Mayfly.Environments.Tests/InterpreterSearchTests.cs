using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Environments.Tests;

/// <summary>Interpreters are found where a shell and pyenv have them; stand-ins answer as Debian's own does, with another version.</summary>
[Trait("needs", "oracle")]
public sealed class InterpreterSearchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-find-").FullName;

    public void Dispose() => Trees.Remove(_folder);

    private string Program(string path, string text)
    {
        path = $"{_folder}/{path}";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return path;
    }

    private string Python(string path, string version) => Program(path,
        $"""exec /usr/bin/python3 "$@" | sed "s|3\.11\.[0-9]*|{version}|g; s|\[3, 11\]|[{string.Join(", ", version.Split('.')[..2])}]|; s|\"executable\": \"[^\"]*\"|\"executable\": \"$0\"|" """);

    private InterpreterSearch Search(string path, params (string Name, string Value)[] more) =>
        new(Store.Open($"{_folder}/store"), more.Append(("PATH", path)).Append(("HOME", $"{_folder}/home")).ToDictionary(static one => one.Item1, static one => one.Item2), Directory.CreateDirectory($"{_folder}/work/deep").FullName);

    [Fact]
    public void The_one_that_a_shell_starts_comes_first_and_the_others_by_name()
    {
        var (first, second, newest) = (Python("a/python3", "3.9.4"), Python("a/python3.10", "3.10.1"), Python("b/python3.12", "3.12.3"));
        Program("a/python3.8", "exit 3");
        Program("a/python3-config", "exit 0");
        Python("home/.pyenv/versions/3.13.0/bin/python3.13", "3.13.0");
        var search = Search($"{_folder}/nothing:{_folder}/a:{_folder}/b");
        string[] found = [.. search.All().Select(static one => one.Target.Markers.PythonFullVersion).Where(static version => !version.StartsWith("3.11.", StringComparison.Ordinal))];
        Assert.Equal(["3.9.4", "3.10.1", "3.12.3", "3.13.0"], found);
        Assert.Equal(first, search.Find().Executable);
        Assert.Equal(second, search.Find("3.10").Executable);
        Assert.Equal(newest, search.Find("python3.12").Executable);
        Assert.Equal(newest, search.Find("3.12.3").Executable);
        Assert.Equal(newest, search.Find(">=3.12,<3.13").Executable);
        Assert.Equal(newest, search.Find(newest).Executable);
        Assert.Equal("3.13.0", search.Find("3.13").Target.Markers.PythonFullVersion);
        var none = Assert.Throws<MayflyException>(() => search.Find("3.12.4"));
        Assert.Equal("no Python 3.12.4 is found", none.Message);
        Assert.Contains($"3.12.3 ({newest})", none.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void What_pyenv_would_start_is_asked_and_not_its_shim()
    {
        var shim = Program("home/.pyenv/shims/python3", "echo asked >&2; exit 9");
        var (old, chosen) = (Python("home/.pyenv/versions/3.9.18/bin/python3", "3.9.18"), Python("home/.pyenv/versions/3.12.10/bin/python3", "3.12.10"));
        Python("home/.pyenv/versions/3.12.9/bin/python3", "3.12.9");
        File.WriteAllText($"{_folder}/home/.pyenv/version", "3.9.18\n");
        Assert.Equal(old, Search(Path.GetDirectoryName(shim)!).Find().Executable);
        File.WriteAllText($"{_folder}/work/.python-version", "3.12\n");
        Assert.Equal(chosen, Search(Path.GetDirectoryName(shim)!).Find().Executable);
        Assert.Equal(old, Search(Path.GetDirectoryName(shim)!, ("PYENV_VERSION", "3.9.18")).Find().Executable);
    }

    [Fact]
    public void An_answer_is_kept_until_the_program_changes()
    {
        var python = Python("a/python3", "3.9.4");
        var store = Store.Open($"{_folder}/store");
        Assert.Equal("3.9.4", Interpreter.Ask(python, store).Target.Markers.PythonFullVersion);
        // Nothing starts it now.
        File.SetUnixFileMode(python, UnixFileMode.UserRead);
        Assert.Equal("3.9.4", Interpreter.Ask(python, store).Target.Markers.PythonFullVersion);
        Python("a/python3", "3.9.5 ".Trim());
        File.SetLastWriteTimeUtc(python, DateTime.UtcNow.AddSeconds(5));
        Assert.Equal("3.9.5", Interpreter.Ask(python, store).Target.Markers.PythonFullVersion);
    }

    [Fact]
    public void What_is_no_program_or_another_one_is_told_in_a_sentence()
    {
        var search = Search("/usr/bin");
        File.CreateSymbolicLink($"{_folder}/astray", "/nowhere/python3");
        File.CreateSymbolicLink($"{_folder}/circle", $"{_folder}/circle");
        Directory.CreateDirectory($"{_folder}/odd/bin/python");
        foreach (var (wanted, message) in ((string, string)[])
            [
                ("/nowhere", "there is no /nowhere"),
                ("/nowhere/bin/python3", "there is no /nowhere/bin/python3"),
                ($"{_folder}/work", $"{_folder}/work is a folder without bin/python in it"),
                ($"{_folder}/odd", $"{_folder}/odd is a folder without bin/python in it"),
                ($"{_folder}/odd/bin/../bin", $"{_folder}/odd/bin is a folder without bin/python in it"),
                ("/usr/bin/ls", "/usr/bin/ls cannot be used: it ended with exit code 2"),
            ])
        {
            var failure = Assert.Throws<MayflyException>(() => search.Find(wanted));
            Assert.Equal(message, failure.Message);
            Assert.Contains("--python", failure.Hint, StringComparison.Ordinal);
        }

        foreach (var link in (string[])["astray", "circle"])
            Assert.StartsWith($"{_folder}/{link} cannot be started: ", Assert.Throws<MayflyException>(() => search.Find($"{_folder}/{link}")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sleep 60", "does not answer within 0.3 seconds")]
    [InlineData("echo hello", "is no Python interpreter: it does not answer as one")]
    [InlineData("echo no such luck >&2; exit 3", "cannot be used: no such luck")]
    public void What_does_not_answer_is_told(string text, string message)
    {
        var program = Program("python", text);
        var failure = Assert.Throws<MayflyException>(() => Interpreter.Ask(program, null, text.StartsWith("sleep", StringComparison.Ordinal) ? TimeSpan.FromSeconds(0.3) : null));
        Assert.Equal($"{program} {message}", failure.Message);
        Assert.StartsWith("name another one with --python", failure.Hint, StringComparison.Ordinal);
    }
}
