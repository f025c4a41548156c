# Answers every request with one word; without packages, for perl is in every base.
use strict;
use IO::Socket::INET;
my ($port, $word) = @ARGV;
$| = 1;
$SIG{TERM} = sub { exit 0 }; # the first process of a namespace is not ended by what it does not handle
print "serving $word\n";
exit 9 if $ENV{ENDS};
if ($ENV{SILENT}) { print "waiting for something that never comes\n"; sleep 1 while 1; }
my $listening = IO::Socket::INET->new(LocalPort => $port, Listen => 16, ReuseAddr => 1) or die "port $port: $!\n";
while (1) {
    my $client = $listening->accept or next;
    while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
    print $client "HTTP/1.0 200 OK\r\nContent-Length: " . length($word) . "\r\n\r\n$word";
    close $client;
}
