using System.Diagnostics;
using System.Text.Json;

namespace Mayfly.Cli.Tests;

/// <summary>The verbs that need no script.</summary>
public sealed class OwnVerbs : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void New_writes_a_stack_and_never_over_another()
    {
        Invocation.Run(_folder, "new", "My Shop").ShouldMatch("new");
        Assert.Contains("new Stack(\"my-shop\", Debian.Bookworm)", _folder.Read("My Shop/stack.cs"));
        _folder.With("My Shop/stack.cs", "mine");
        File.Delete(Path.Combine(_folder.Path, "My Shop/Directory.Build.props"));
        Invocation.Run(_folder, "new", "My Shop").ShouldMatch("new-over-another");
        Assert.Equal("mine", _folder.Read("My Shop/stack.cs"));
        Assert.False(File.Exists(Path.Combine(_folder.Path, "My Shop/Directory.Build.props")));
    }

    [Fact]
    public void Build_files_of_new_keep_those_above_away()
    {
        _folder.With("Directory.Build.props", "<Project><PropertyGroup><TreatWarningsAsErrors>true</TreatWarningsAsErrors></PropertyGroup></Project>")
            .With("Directory.Packages.props", "<Project><PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup></Project>")
            .With("versions.props", "<Project><PropertyGroup><MayflyVersion>1.2.3</MayflyVersion></PropertyGroup></Project>")
            .With("shop/stack.cs", "int unused;\nreturn 0;\n");
        var environment = new Dictionary<string, string?> { ["MAYFLY_PROPS"] = Path.Combine(_folder.Path, "versions.props") };
        Assert.Equal(0, Invocation.Run(_folder, environment, "new", "--build-files", "shop").ExitCode);
        var run = Invocation.Run(_folder, environment, "up", "shop");
        Assert.Equal(new Invocation(0, "", "compiling shop/stack.cs …\n"), run);
        Assert.Contains("FOLDER/versions.props", _folder.Read("shop/Directory.Packages.props").Replace(_folder.Path, "FOLDER"));
    }

    [Fact]
    public void Doctor_finds_the_store_and_says_so_to_programs_too()
    {
        var run = Invocation.Run(_folder, "doctor", "--json");
        using var findings = JsonDocument.Parse(run.Output);
        var store = findings.RootElement.EnumerateArray().Single(finding => finding.GetProperty("name").GetString() == "store");
        Assert.True(store.GetProperty("met").GetBoolean());
        Assert.Equal("FOLDER/.store", store.GetProperty("found").GetString());
        Assert.Contains(".NET SDK", Invocation.Run(_folder, "doctor").Output);
    }

    [Fact]
    public void Doctor_names_a_store_that_cannot_be_opened()
    {
        var run = Invocation.Run(_folder, new Dictionary<string, string?> { ["MAYFLY_STORE"] = "/proc/nowhere" }, "doctor");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("FAIL  store", run.Output);
        Assert.Contains("hint: set MAYFLY_STORE", run.Output);
    }

    [Fact]
    public void Doctor_names_a_mirror_or_says_how_to_name_one()
    {
        _folder.With(".config/mayfly/config.toml", "[debian]\nmirror = \"http://127.0.0.1:9/debian\"\nsecurity = \"none\"\n");
        var run = Invocation.Run(_folder, new Dictionary<string, string?> { ["XDG_CONFIG_HOME"] = Path.Combine(_folder.Path, ".config") }, "doctor");
        Assert.Contains("127.0.0.1", run.Output.Split('\n').Single(line => line.Contains("Debian mirror", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public void Completion_is_printed_for(string shell) => Invocation.Run(_folder, "completion", shell).ShouldMatch($"completion-{shell}");

    [Theory]
    [InlineData("mayfly sta", "status")]
    [InlineData("mayfly completion z", "zsh")]
    [InlineData("mayfly up sh", "shop")]
    [InlineData("mayfly new --b", "--build-files")]
    [InlineData("mayfly env inst", "install")]
    [InlineData("mayfly env install --upg", "--upgrade")]
    [InlineData("mayfly env install --env wo", "work")]
    [InlineData("mayfly env delete other wo", "work")]
    [InlineData("mayfly env install del", "")]
    [InlineData("mayfly depot publish --pol", "--policy")]
    [InlineData("mayfly depot publish --test-", "--test-timeout")]
    public void Bash_completes(string line, string expected)
    {
        _folder.With("shop/stack.cs", "").With("environments/work/pyvenv.cfg", "").With("completion", Invocation.Run(_folder, "completion", "bash").Output);
        var words = string.Join(' ', line.Split(' ').Select(word => $"'{word}'"));
        var start = new ProcessStartInfo("bash", ["-c", $"source ./completion; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _mayfly; echo \"${{COMPREPLY[*]}}\""])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            Environment = { ["WORKON_HOME"] = $"{_folder.Path}/environments" },
        };
        using var bash = Process.Start(start)!;
        Assert.Equal(expected, bash.StandardOutput.ReadToEnd().Trim());
    }
}
