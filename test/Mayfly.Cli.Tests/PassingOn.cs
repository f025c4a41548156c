namespace Mayfly.Cli.Tests;

/// <summary>A verb of the stack reaches the script as it was typed, and the script's exit code comes back.</summary>
public sealed class PassingOn : IDisposable
{
    private const string Echo = """
        Console.WriteLine(string.Join('|', args));
        Console.Error.WriteLine("from the script");
        return args.Contains("fail") ? 3 : 0;
        """;

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Words_and_exit_codes_pass_and_an_unchanged_script_is_not_compiled_again()
    {
        _folder.With("shop/stack.cs", Echo);
        var first = Invocation.Run(_folder, "exec", "shop", "web", "--", "ls", "-l", "a b");
        Assert.Equal(new Invocation(0, "exec|web|--|ls|-l|a b\n", "compiling shop/stack.cs …\nfrom the script\n"), first);

        var second = Invocation.Run(_folder, "task", "shop/stack.cs", "fail");
        Assert.Equal(new Invocation(3, "task|fail\n", "from the script\n"), second);

        _folder.With("shop/stack.cs", Echo.Replace("from the script", "edited"));
        var edited = Invocation.Run(_folder, "up", "shop", "--help");
        Assert.Equal(new Invocation(0, "up|--help\n", "compiling shop/stack.cs …\nedited\n"), edited);
    }

    [Fact]
    public void A_build_file_that_appears_above_the_script_is_noticed()
    {
        _folder.With("shop/stack.cs", Echo);
        Assert.Equal(0, Invocation.Run(_folder, "up", "shop").ExitCode);
        _folder.With("Directory.Build.props", "<Project><PropertyGroup><DefineConstants>NEW</DefineConstants></PropertyGroup></Project>");
        Assert.StartsWith("compiling", Invocation.Run(_folder, "up", "shop").Error);
    }

    [Fact]
    public void A_syntax_error_names_file_line_and_column()
    {
        _folder.With("shop/stack.cs", "var x = 1\nreturn y;\n");
        Invocation.Run(_folder, "up", "shop").ShouldMatch("syntax-error");
    }

    [Fact]
    public void Warnings_as_errors_from_above_are_recognised()
    {
        _folder.With("Directory.Build.props", "<Project><PropertyGroup><TreatWarningsAsErrors>true</TreatWarningsAsErrors></PropertyGroup></Project>")
            .With("shop/stack.cs", "int unused;\nreturn 0;\n");
        Invocation.Run(_folder, "up", "shop").ShouldMatch("warnings-as-errors-above");
    }

    [Fact]
    public void Central_package_versions_above_are_recognised()
    {
        _folder.With("Directory.Packages.props", "<Project><PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup></Project>")
            .With("shop/stack.cs", "#:package Mayfly\nreturn 0;\n");
        Invocation.Run(_folder, "up", "shop").ShouldMatch("central-versions-above");
    }

    [Fact]
    public void Packages_that_were_never_packed_are_recognised()
    {
        _folder.With("shop/stack.cs", "#:package Mayfly@[0.0.1-never]\nreturn 0;\n");
        var run = Invocation.Run(_folder, "up", "shop");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("error: the Mayfly packages that shop/stack.cs refers to are not to be had:", run.Error);
        Assert.Contains("hint: run ./mayfly in your clone once", run.Error);
    }

    [Fact]
    public void An_SDK_that_is_not_there_is_recognised()
    {
        _folder.With("global.json", """{ "sdk": { "version": "99.0.100", "rollForward": "disable" } }""").With("stack.cs", "return 0;");
        Invocation.Run(_folder, "up").ShouldMatch("sdk-not-there");
    }
}
