using System.Collections;
using System.CommandLine;
using Mayfly.Machines.Local;
using Mayfly.Packages;
using Mayfly.Packages.Tools;

namespace Mayfly.Cli.Verbs;

/// <summary><c>mayfly workon STACK</c>: a shell of the user's own that sees a running stack's hostnames and has its environments. The shell word of that name comes here for what is no environment.</summary>
internal static class WorkonVerb
{
    public static Command Create()
    {
        var stack = new Argument<string>("STACK") { Description = "The name of a stack that runs on this host" };
        var words = new Argument<string[]>("COMMAND") { Description = "What to run instead of a shell, after --", Arity = ArgumentArity.ZeroOrMore };
        var shell = new Option<string?>("--shell") { Description = "bash, zsh, fish or another one; $SHELL unless named", HelpName = "PROGRAM" };
        var command = new ExampledCommand("workon", "Open a shell of your own that sees a running stack's hostnames and has its Python environments", "mayfly workon shop") { stack, words, shell };
        command.SetAction(result =>
        {
            if (!Environment.IsPrivilegedProcess)
                throw new MayflyException("looking at what runs needs root", "run the same command with sudo");
            var (name, store) = (result.GetValue(stack)!, Store.Open());
            var running = ToolSet.FindNewest(store) is { } tools ? StackShell.Running(store, new RuntimePrograms(tools.Crun, tools.Conmon, tools.Nft), name) : [];
            if (running.Count == 0)
                throw new MayflyException($"no stack {name} runs on this host", "`mayfly up` brings a stack live; environments are worked on by the shell word workon: eval \"$(mayfly shell-init bash)\"");
            var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(static one => (string)one.Key, static one => (string)one.Value!, StringComparer.Ordinal);
            var opened = new StackShell(store, name, running);
            // What a command writes is for who asked for it.
            if (result.GetValue(words)! is [] && opened.Told is { } told)
                Console.Error.WriteLine($"note: {told}");
            return opened.Open(result.GetValue(shell) ?? variables.GetValueOrDefault("SHELL") ?? "/bin/sh", result.GetValue(words)!, variables);
        });
        return command;
    }
}
