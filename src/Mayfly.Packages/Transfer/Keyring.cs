using System.Collections.Concurrent;
using System.Diagnostics;
using Mayfly.Linux;

namespace Mayfly.Packages.Transfer;

/// <summary>Names and passwords that the program <c>keyring</c> knows: of a desktop's keyring, or of Azure Artifacts, Google's Artifact Registry and others, for which it makes some that soon expire.</summary>
/// <remarks>
/// What it keeps, in memory alone: what was answered in this run, so that nothing is asked twice; some of these programs take seconds. As pip has it, it is asked by the address of the index, then by the host.
/// </remarks>
internal static class Keyring
{
    private const string Program = "keyring";

    private static readonly ConcurrentDictionary<(string Services, string? Name), Lazy<Task<Login?>>> Answers = new();
    private static readonly ConcurrentDictionary<string, Login> Told = new();

    /// <summary>The program's path; null where there is none on PATH.</summary>
    public static string? Path => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(static folder => folder.StartsWith('/')).Select(static folder => $"{folder}/{Program}")
        .FirstOrDefault(static path => File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);

    /// <summary>What it has told for this host before; null for nothing, or for somebody else.</summary>
    /// <param name="at">An address of the host.</param>
    /// <param name="name">Who is meant; null for anybody.</param>
    public static Login? Known(Uri at, string? name) => Told.GetValueOrDefault(Host(at)) is { } login && (name is null || name == login.Name) ? login : null;

    /// <summary>Asks it; null when it is not there, or knows nobody.</summary>
    /// <param name="at">What somebody must be told for.</param>
    /// <param name="services">What that may be called in the keyring, in the order in which it is asked.</param>
    /// <param name="name">Whose password it is; null to be told the name too, which keyring does since 25.2.</param>
    /// <param name="limit">How long each answer may take.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MayflyException">It fails, does not answer, or answers what is no password.</exception>
    public static async Task<Login?> AskAsync(Uri at, IReadOnlyList<string> services, string? name, TimeSpan limit, CancellationToken cancellationToken)
    {
        // Several transfers are refused at once, and each waits for the one answer.
        var login = await Answers.GetOrAdd((string.Join(' ', services), name), _ => new(() => Task.Run(() => FirstAsync(at, services, name, limit), CancellationToken.None))).Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (login is not null)
            Told[Host(at)] = login;
        return login;
    }

    private static string Host(Uri at) => at.GetLeftPart(UriPartial.Authority);

    private static async Task<Login?> FirstAsync(Uri at, IReadOnlyList<string> services, string? name, TimeSpan limit)
    {
        // What stands in somebody's address is a name, and no option of the program's.
        if (Path is not { } program || name?.StartsWith('-') == true)
            return null;
        foreach (var service in services)
        {
            if (await AnswerAsync(program, at, service, name, limit).ConfigureAwait(false) is { } login)
                return login;
        }

        return null;
    }

    private static async Task<Login?> AnswerAsync(string program, Uri at, string service, string? name, TimeSpan limit)
    {
        string[] words = name is null ? ["--mode", "creds", "get", service] : ["get", service, name];
        var start = new ProcessStartInfo(program, words) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONIOENCODING"] = "utf-8";
        using var process = new Process { StartInfo = start };
        var (answer, said) = (new List<string>(), "");
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw Failed($"cannot be run: {e.Message}", e);
        }

        // It may be waiting for somebody to unlock it, and nobody would end it.
        AppDomain.CurrentDomain.ProcessExit += End;
        process.StandardInput.Close();
        var heard = Task.WhenAll(
            // A line more than any answer has.
            BoundedLines.ReadAsync(process.StandardOutput, line =>
            {
                if (answer.Count < 3)
                    answer.Add(line);
            }),
            BoundedLines.ReadAsync(process.StandardError, line => said = line.Trim() is { Length: > 0 } text ? text : said));
        using (var clock = new CancellationTokenSource(limit))
        {
            try
            {
                await process.WaitForExitAsync(clock.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw Failed($"did not answer within {limit.TotalSeconds:0.#} s{Words()}");
            }
            finally
            {
                AppDomain.CurrentDomain.ProcessExit -= End;
            }
        }

        // What it leaves running may hold its outputs open.
        if (await Task.WhenAny(heard, Task.Delay(limit)).ConfigureAwait(false) != heard)
            throw Failed("ended, and left something running that did not");
        // It says nothing at all where it knows nobody.
        if (process.ExitCode == 1 && answer is [] && said.Length == 0)
            return null;
        if (process.ExitCode != 0)
            throw Failed($"failed with exit code {process.ExitCode}{Words()}");
        return (name, answer) switch
        {
            (null, [{ Length: > 0 } who, { Length: > 0 } password]) => new Login(at, who, password),
            (not null, [{ Length: > 0 } password]) => new Login(at, name, password),
            _ => throw Failed($"answered {(answer.Count > 2 ? "many lines" : answer.Count == 1 ? "one line" : $"{answer.Count} lines")}, and {(name is null ? "a name and a password are two" : "a password is one")}"),
        };

        void End(object? sender, EventArgs e)
        {
            try
            {
                process.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
            }
        }

        // Never of what it answers, which is a secret.
        string Words() => said.Length == 0 ? "" : $": {string.Concat(said.Where(static c => !char.IsControl(c)))}";

        MayflyException Failed(string what, Exception? inner = null) => new($"{at.Authority} wants a name and a password, and {program}, which is asked for them, {what}",
            $"try it by hand: keyring {string.Join(' ', words)}; {(name is null ? "one older than 25.2 must be told the name, which goes into the address (https://NAME@HOST/simple/)" : "where it asks for something itself, it must have been answered before")}; or leave it out: --keyring-provider disabled", inner);
    }
}
