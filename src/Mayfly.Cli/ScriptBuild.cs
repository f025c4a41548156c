using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mayfly.Cli;

/// <summary>Compiles a script when it must, and says which assembly to run.</summary>
/// <remarks>
/// What it keeps: for each script one small file in the user's cache folder, with the assembly's path and the name, size
/// and time of everything that decides about it: the script, the build files that it inherits from the folders above, the
/// versions file of the launcher, the assembly itself. While nothing of it differs the assembly is run at once: 0.05 s,
/// where <c>dotnet stack.cs</c> takes 0.4 s to find out the same and does not see that an imported file changed.
/// How it changes: written whole, by rename, after a build that succeeded. Lost, it costs one build.
/// Scripts that refer to projects or other sources are built every time: their inputs cannot be listed from here.
/// </remarks>
internal static class ScriptBuild
{
    private static readonly string[] InheritedFiles =
    [
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "Directory.Build.rsp",
        "MSBuild.rsp", "global.json", "nuget.config", "NuGet.config", "NuGet.Config",
    ];

    public static string Ensure(string script, TextWriter notices)
    {
        var record = RecordOf(script);
        if (IsCurrent(script, record, out var assembly))
            return assembly;

        RefreshVersions(script);
        notices.WriteLine($"compiling {BuildFailure.Near(script)} …");
        assembly = Compile(script);
        if (!HasForeignSources(script))
            Write(record, $"{assembly}\n{Inputs(script, assembly)}");
        return assembly;
    }

    private static bool IsCurrent(string script, string record, out string assembly)
    {
        assembly = "";
        if (!File.Exists(record))
            return false;
        var text = File.ReadAllText(record);
        assembly = text.Split('\n', 2)[0];
        return text == $"{assembly}\n{Inputs(script, assembly)}";
    }

    private static string Inputs(string script, string assembly)
    {
        var text = new StringBuilder();
        Add(script);
        Add(assembly);
        if (Environment.GetEnvironmentVariable("MAYFLY_PROPS") is { Length: > 0 } versions)
            Add(versions);
        for (var folder = Path.GetDirectoryName(script); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            foreach (var name in InheritedFiles)
                Add(Path.Combine(folder, name));
        }

        return text.ToString();

        void Add(string path)
        {
            var file = new FileInfo(path);
            if (file.Exists)
                text.Append(CultureInfo.InvariantCulture, $"{path} {file.Length} {file.LastWriteTimeUtc.Ticks}\n");
        }
    }

    private static bool HasForeignSources(string script) => File.ReadLines(script)
        .Any(line => line.StartsWith("#:", StringComparison.Ordinal) && !line.StartsWith("#:package", StringComparison.Ordinal)
            && !line.StartsWith("#:property", StringComparison.Ordinal) && !line.StartsWith("#:sdk", StringComparison.Ordinal));

    /// <summary>
    /// The SDK looks at the time of build files of known names, not at what they import: a touch tells it that the
    /// launcher has chosen another version of the libraries since.
    /// </summary>
    private static void RefreshVersions(string script)
    {
        if (BuildFailure.Above(Path.GetDirectoryName(script), "Directory.Packages.props") is not { } own)
            return;
        if (Environment.GetEnvironmentVariable("MAYFLY_PROPS") is { Length: > 0 } versions && File.ReadAllText(own).Contains(Path.GetFileName(versions), StringComparison.Ordinal)
            && File.GetLastWriteTimeUtc(own) < File.GetLastWriteTimeUtc(versions))
        {
            try
            {
                File.SetLastWriteTimeUtc(own, DateTime.UtcNow);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody else's folder: the build below still sees the change, only `dotnet stack.cs` by itself may not.
            }
        }
    }

    private static string Compile(string script)
    {
        var start = new ProcessStartInfo(Execution.Host)
        {
            WorkingDirectory = Path.GetDirectoryName(script)!,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // With any switch of MSBuild's that it does not know here, such as -nodeReuse, the SDK takes the script for a project file.
        foreach (var argument in (string[])["build", script, "-nologo", "-verbosity:quiet", "-target:Build", "-getProperty:TargetPath"])
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false";
        using var build = Process.Start(start)!;
        build.StandardInput.Close();
        var errors = build.StandardError.ReadToEndAsync();
        var output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        var assembly = output.TrimEnd().Split('\n')[^1].Trim();
        if (build.ExitCode == 0 && File.Exists(assembly))
        {
            ReadyAssemblies.Adopt(Path.GetDirectoryName(assembly)!, AppContext.BaseDirectory);
            return assembly;
        }

        throw BuildFailure.Explain(script, output + errors.Result);
    }

    private static string RecordOf(string script)
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } chosen ? chosen
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(script)))[..32];
        return Path.Combine(cache, "mayfly", "scripts", key);
    }

    private static void Write(string record, string text)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(record)!);
            var written = $"{record}.{Environment.ProcessId}";
            File.WriteAllText(written, text);
            File.Move(written, record, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without a cache folder the next start compiles again.
        }
    }
}
