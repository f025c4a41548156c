using System.Diagnostics;
using Mayfly.Packages;

namespace Mayfly.Cli;

/// <summary>What a <c>stack.cs</c> says about the licences of its lock, asked of the script itself.</summary>
internal static class StackPolicy
{
    /// <summary>Gives the exit code of the script's <c>licenses --judge</c>, which tells what it refuses; 0 for a lock without a script beside it.</summary>
    /// <param name="lockPath">The lock.</param>
    /// <param name="fetch">True to have its wheels in the store too: only the script knows where those are that are its own.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Task<int> JudgeAsync(string lockPath, bool fetch, CancellationToken cancellationToken)
    {
        var script = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(lockPath))!, StackScript.FileName);
        return Path.GetFileName(lockPath) != LockFile.Name || !File.Exists(script) ? Task.FromResult(ExitCode.Done) : AskAsync(script, fetch ? ["--judge", "--fetch"] : ["--judge"], cancellationToken);
    }

    /// <summary>The same of wheels that the store has.</summary>
    /// <param name="script">A <c>stack.cs</c>.</param>
    /// <param name="store">The store.</param>
    /// <param name="wheels">Name and SHA-256 of each.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<int> JudgeAsync(string script, Store store, IEnumerable<(string Name, string Sha256)> wheels, CancellationToken cancellationToken)
    {
        using var work = store.BeginWork("judge");
        var list = Path.Combine(work.Path, "wheels");
        await File.WriteAllLinesAsync(list, wheels.Select(static wheel => $"{wheel.Sha256} {wheel.Name}"), cancellationToken);
        return await AskAsync(script, ["--judge", "--wheels", list], cancellationToken);
    }

    private static async Task<int> AskAsync(string script, string[] options, CancellationToken cancellationToken)
    {
        using var judge = Process.Start(new ProcessStartInfo(Execution.Host, [ScriptBuild.Ensure(script, Console.Error), "licenses", .. options]))!;
        try
        {
            await judge.WaitForExitAsync(cancellationToken);
            return judge.ExitCode;
        }
        catch (OperationCanceledException)
        {
            judge.Kill();
            throw;
        }
    }
}
