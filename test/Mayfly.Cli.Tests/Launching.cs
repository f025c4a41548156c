using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Mayfly.Cli.Tests;

/// <summary>
/// The launcher alone, in a clone of two source files whose <c>dotnet</c> only says what it is asked to build and to run: which
/// build is chosen, and that nothing that changes the sources goes unnoticed.
/// </summary>
public sealed class Launching : IDisposable
{
    private readonly Folder _clone = new();

    public Launching()
    {
        _clone.With("src/A.cs", "a").With("src/deep/B.cs", "b").With("Directory.Build.props", "").With("Directory.Packages.props", "").With("global.json", "");
        _clone.With("bin/dotnet", """
            #!/bin/sh
            case $1 in
                msbuild) for word; do case $word in -p:Into=*) mkdir -p "${word#-p:Into=}/tool" ;; esac; done ;;
                *) echo "$@" ;;
            esac
            """);
        File.Copy(Path.Combine(Repository(), "mayfly"), At("mayfly"));
        File.SetUnixFileMode(At("bin/dotnet"), (UnixFileMode)0b111_101_101);
    }

    public void Dispose() => _clone.Dispose();

    [Fact]
    public void Sources_are_built_once_and_found_again()
    {
        var first = Launch("status", "shop");
        Assert.Matches(@"^FOLDER/\.mayfly/builds/[0-9a-f]{12}/tool/Mayfly\.Cli\.dll status shop\n$", first.Output);
        Assert.Equal("building mayfly, once for these sources …\n", first.Error);
        for (var again = 0; again < 3; again++)
            Assert.Equal(first with { Error = "" }, Launch("status", "shop"));
        Assert.True(File.GetLastWriteTimeUtc(At(".mayfly/name")) <= DateTime.UtcNow);
    }

    [Theory]
    [InlineData("echo other > src/A.cs")]
    [InlineData("cp -p src/deep/B.cs kept; echo other > src/deep/B.cs; touch -r kept src/deep/B.cs")]
    [InlineData("mv src/deep/B.cs src/deep/C.cs")]
    [InlineData("rm src/A.cs")]
    [InlineData("echo new > src/deep/C.cs")]
    [InlineData("echo '<Project/>' > Directory.Packages.props")]
    [InlineData("touch -d '1 hour' .mayfly/name; echo other > src/A.cs")]
    public void Whatever_changes_the_sources_is_built_anew(string change)
    {
        var first = Launch("up").Output;
        Launch("up");
        Shell(change);
        var changed = Launch("up");
        Assert.NotEqual(first, changed.Output);
        Assert.Equal("building mayfly, once for these sources …\n", changed.Error);
    }

    [Theory]
    [InlineData("touch src/A.cs")]
    [InlineData("echo x > src/A.cs; printf a > src/A.cs")]
    [InlineData("mkdir src/deep/obj; echo x > src/deep/obj/made")]
    [InlineData("rm .mayfly/name")]
    [InlineData("echo garbage > .mayfly/name")]
    [InlineData(": > .mayfly/name")]
    public void What_does_not_change_them_is_not(string change)
    {
        var first = Launch("up") with { Error = "" };
        Launch("up");
        Shell(change);
        Assert.Equal(first, Launch("up"));
    }

    private string At(string name) => Path.Combine(_clone.Path, name);

    private static string Repository([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", ".."));

    private Invocation Launch(params string[] words) => Shell("exec ./mayfly \"$@\"", words);

    private Invocation Shell(string script, params string[] words)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-ec", script, "sh", .. words]) { WorkingDirectory = _clone.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{At("bin")}:/usr/bin:/bin";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Invocation(process.ExitCode, output.Replace(_clone.Path, "FOLDER"), error.Result.Replace(_clone.Path, "FOLDER"));
    }
}
