using System.CommandLine;
using System.Text;

namespace Mayfly.Cli.Verbs;

/// <summary><c>mayfly new [FOLDER]</c>: a stack to start from, with build files of its own.</summary>
internal static class NewVerb
{
    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "Where to write it; made when missing. Its name becomes the stack's.", DefaultValueFactory = _ => "." };
        var buildFiles = new Option<bool>("--build-files") { Description = "Only the build files, for a stack.cs that is already there" };
        folder.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: ['-', ..] } token])
                result.AddError($"new has no option {token.Value}");
        });
        var command = new Command("new", "Write a stack.cs to start from, with the build files that it needs") { folder, buildFiles };
        command.SetAction(result =>
        {
            Write(Path.GetFullPath(result.GetValue(folder)!), result.GetValue(folder)!, result.GetValue(buildFiles), result.InvocationConfiguration.Output);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(string folder, string named, bool onlyBuildFiles, TextWriter output)
    {
        var files = BuildFiles().ToList();
        if (!onlyBuildFiles)
        {
            var name = StackName(Path.GetFileName(folder.TrimEnd('/')));
            files.Add((StackScript.FileName, Script.Replace("NAME", name)));
            files.Add(("site/index.html", Page.Replace("NAME", name)));
        }

        // All or nothing: what is there already is somebody's work.
        if (files.Select(file => Path.Combine(folder, file.Name)).FirstOrDefault(Path.Exists) is { } taken)
            throw new MayflyException($"{taken} is there already, and nothing was written", "name another folder, or move that file away first");
        try
        {
            foreach (var (name, text) in files)
            {
                var path = Path.Combine(folder, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, text);
                output.WriteLine($"wrote {Path.Combine(named, name)}");
            }

            if (!onlyBuildFiles)
                File.SetUnixFileMode(Path.Combine(folder, StackScript.FileName), (UnixFileMode)0b111_101_101);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MayflyException($"{folder} cannot be written: {e.Message}", "name a folder that you may write", e);
        }

        if (!onlyBuildFiles)
            output.WriteLine($"next: mayfly plan {named}, then mayfly up {named} as root");
    }

    /// <summary>
    /// A script inherits the build files of every folder above it: warnings as errors, lock files, central versions that do not
    /// know Mayfly. Files of its own, the nearest ones, keep all that out.
    /// </summary>
    private static IEnumerable<(string Name, string Text)> BuildFiles()
    {
        const string Empty = "<Project>\n  <!-- Keeps the build files of the folders above away from stack.cs. -->\n</Project>\n";
        yield return ("Directory.Build.props", Empty);
        yield return ("Directory.Build.targets", Empty);
        var versions = Environment.GetEnvironmentVariable("MAYFLY_PROPS") is { Length: > 0 } path ? path : null;
        var text = new StringBuilder("<Project>\n");
        if (versions is not null)
            text.Append("  <!-- The version and the folder feed of the mayfly that wrote this. -->\n").Append($"  <Import Project=\"{versions}\" />\n");
        text.Append("  <PropertyGroup>\n    <ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally>\n  </PropertyGroup>\n");
        text.Append($"  <ItemGroup>\n    <PackageVersion Include=\"Mayfly\" Version=\"[{(versions is null ? Tool.Version : "$(MayflyVersion)")}]\" />\n  </ItemGroup>\n</Project>\n");
        yield return ("Directory.Packages.props", text.ToString());
    }

    /// <summary>A folder's name as a stack's: lower-case letters, digits and hyphens.</summary>
    private static string StackName(string folder)
    {
        var name = string.Concat(folder.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        if (name.Length > 30)
            name = name[..30].TrimEnd('-');
        return name.Length == 0 || !char.IsAsciiLetter(name[0]) ? "hello" : name;
    }

    private const string Script = """
        #!/usr/bin/env dotnet
        #:package Mayfly
        using Mayfly;

        var stack = new Stack("NAME", Debian.Bookworm);

        // A component is a service with a hostname: what to install, what to run, what it listens on.
        var www = stack.Nginx("www").Serves("/", "site").Publishes(8080);

        // Placement is the only thing that changes when a component moves to another machine.
        stack.Machine("box").Hosts(www);

        // Nothing goes live before every test has passed on a rehearsal of it.
        stack.Test("the front page greets", async live =>
            Expect.Contains("Hello from NAME", await live.GetAsync("/")));

        // What is done by hand now and then: mayfly task.
        stack.Task("pages", async live => live.Say(await live.On(www).Exec("ls -s /srv/www")));

        return await stack.RunAsync(args);

        """;

    private const string Page = """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <title>NAME</title>
        <h1>Hello from NAME</h1>
        </html>

        """;
}
