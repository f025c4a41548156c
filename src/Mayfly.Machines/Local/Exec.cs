using System.Text;
using System.Text.Json;
using Mayfly.Linux;

namespace Mayfly.Machines.Local;

/// <summary>Further commands in a running instance, as its own user and with no more rights than its main process.</summary>
internal static class Exec
{
    private const int TimedOut = 124, NotFound = 127; // as timeout(1) and sh(1)

    public static Task<CommandResult> RunAsync(Crun crun, InstanceFolder folder, IReadOnlyList<string> command, TimeSpan? timeout, CancellationToken cancellationToken) => Task.Run(() =>
    {
        using var process = Specify(folder, command, terminal: false);
        using var thread = crun.Enter("command in " + folder.Id);
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        var (read, write) = ChildProcess.Pipe();
        using var output = new FileStream(read, FileAccess.Read);
        ChildProcess child;
        using (write)
            child = thread.Run(() => ChildProcess.Start(crun.Exec(folder.Id, process.Path, process.PidFile), Crun.Environment, [nothing, write, write]));
        var text = new StringBuilder();
        var decoder = Encoding.UTF8.GetDecoder();
        using var expired = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(expired.Token, cancellationToken);
        // The command is killed, and with it ends the runtime that waits for it; what it left in the background may keep the pipe.
        using var kill = both.Token.Register(() => Kill(folder, process.PidFile, child));
        var reading = Task.Run(() =>
        {
            var bytes = new byte[16 * 1024];
            var characters = new char[16 * 1024 + 1];
            int count;
            while ((count = output.Read(bytes)) > 0)
            {
                lock (text)
                    text.Append(characters, 0, decoder.GetChars(bytes, 0, count, characters, 0));
            }
        }, CancellationToken.None);
        var code = child.Wait();
        // Whatever the command itself wrote is in the pipe by now; a daemon that it left behind may hold it open for ever.
        reading.Wait(TimeSpan.FromMilliseconds(200), CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        lock (text)
            return new CommandResult(expired.IsCancellationRequested ? TimedOut : code, text.ToString());
    }, cancellationToken);

    public static int Attach(Crun crun, InstanceFolder folder, IReadOnlyList<string> command, bool terminal)
    {
        using var process = Specify(folder, command, terminal);
        using var thread = crun.Enter("command in " + folder.Id);
        // crun (1.8) now and then writes an empty warning when a terminal closes, in colour and amid the command's own output:
        // its messages go to a file then. What keeps a program from being executed it says on the terminal all the same, with
        // 255; with 1 it did not get that far.
        var messages = terminal ? process.Messages : null;
        var code = thread.Run(() => ChildProcess.Start(crun.Exec(folder.Id, process.Path, process.PidFile, messages), Crun.Environment, Crun.Console())).Wait();
        if (code == 1 && messages is not null && InstanceFolder.Read(messages)?.Trim() is { Length: > 0 } message && !message.EndsWith(':'))
            Console.Error.WriteLine(message);
        return code == 255 && !Has(folder, command[0]) ? NotFound : code;
    }

    /// <summary>False when the instance certainly has no such program, which the runtime tells with a code that is also the programs' own.</summary>
    private static bool Has(InstanceFolder folder, string program)
    {
        if (program.Contains('/') || folder.ReadProcess()?.Id is not { } process)
            return true;
        var path = JsonSerializer.Deserialize(File.ReadAllBytes(folder.Config), OciJson.Default.OciConfig)!.Process.Env
            .LastOrDefault(variable => variable.StartsWith("PATH=", StringComparison.Ordinal))?["PATH=".Length..] ?? "/usr/sbin:/usr/bin:/sbin:/bin";
        return path.Split(':').Any(place => Nodes.Find($"/proc/{process}/root/{place}/{program}") is not null);
    }

    private static void Kill(InstanceFolder folder, string pidFile, ChildProcess runtime)
    {
        if (int.TryParse(InstanceFolder.Read(pidFile), out var id) && InstanceFolder.Read($"/proc/{id}/cgroup")?.Contains($"/{folder.Id}\n", StringComparison.Ordinal) == true)
            ProcessIdentity.Of(id)?.Signal(Signals.Kill);
        else
            ProcessIdentity.Of(runtime.Id)?.Signal(Signals.Kill);
    }

    private static ProcessFile Specify(InstanceFolder folder, IReadOnlyList<string> command, bool terminal)
    {
        var config = JsonSerializer.Deserialize(File.ReadAllBytes(folder.Config), OciJson.Default.OciConfig)!;
        var file = new ProcessFile(folder.File($"exec-{Guid.NewGuid().ToString("n")[..8]}"));
        File.WriteAllBytes(file.Path, JsonSerializer.SerializeToUtf8Bytes(Bundle.Command(config.Process, command, terminal), OciJson.Default.OciProcess));
        return file;
    }

    private sealed record ProcessFile(string Path) : IDisposable
    {
        public string PidFile => Path + ".pid";

        public string Messages => Path + ".log";

        public void Dispose()
        {
            File.Delete(Path);
            File.Delete(PidFile);
            File.Delete(Messages);
        }
    }
}
